"""The events of an exchange with the time at which each was complete."""

from __future__ import annotations

from dataclasses import dataclass

from sseproxy.coding import CodingError, decoder
from sseproxy.exchange import Exchange, media_type, tokens
from sseproxy.sse import Event, parser_for


@dataclass(frozen=True, slots=True)
class TimedEvent:
    t: int
    """Microseconds since the request's head was read; the arrival that completed the event."""
    event: Event
    read: int = 0
    """Which arrival that was, counted from 0."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The event stream of one exchange, decoded."""

    is_stream: bool
    """Whether the response is text/event-stream or lines of JSON; if not, there are no events."""
    events: tuple[TimedEvent, ...] = ()
    unfinished: int = 0
    """Bytes of a last block that no blank line (of a last line that no LF) ended."""
    problem: str = ""
    """Why the body could not be decoded to its end."""

    @property
    def dispatched(self) -> tuple[TimedEvent, ...]:
        """The events that a listener sees."""
        return tuple(timed for timed in self.events if timed.event.dispatched)


def read_stream(exchange: Exchange) -> Stream:
    """Parses the body where its type is that of events or of JSON lines, parameters and case ignored."""
    response = exchange.response
    parser = parser_for(media_type(response.headers)) if response else None
    if response is None or parser is None:
        return Stream(is_stream=False)
    events: list[TimedEvent] = []
    fed = 0
    problem = ""
    try:
        body = decoder(tokens(response.headers, b"content-encoding"))
        for read, (t, data) in enumerate(exchange.arrivals):
            plain = body.feed(data)
            fed += len(plain)
            events += [TimedEvent(t, event, read) for event in parser.feed(plain)]
        if exchange.ending.whole:
            body.finish()
    except CodingError as error:
        problem = str(error)
    unfinished = 0 if parser.unfinished is None else fed - parser.unfinished
    return Stream(True, tuple(events), unfinished, problem)
