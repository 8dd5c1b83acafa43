"""The events of an exchange with the time at which each was complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sseproxy.again import HELD, Again
from sseproxy.analysis.body import Plain
from sseproxy.coding import CodingError
from sseproxy.exchange import Exchange, media_type, tokens
from sseproxy.sse import Event, parser_for


class TimedEvent(NamedTuple):
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
    events: Sequence[TimedEvent] = ()
    """A tuple; of a long body, what parses it again each time."""
    dispatched: Sequence[TimedEvent] = ()
    """The events that a listener sees."""
    unfinished: int = 0
    """Bytes of a last block that no blank line (of a last line that no LF) ended."""
    problem: str = ""
    """Why the body could not be decoded to its end."""


def read_stream(exchange: Exchange) -> Stream:
    """Parses the body where its type is that of events or of JSON lines, parameters and case ignored."""
    walk = _Walk(exchange)
    held: list[TimedEvent] = []
    count = dispatched = 0
    for timed in walk.events():
        count += 1
        dispatched += timed.event.dispatched
        if walk.fed <= HELD:
            held.append(timed)
        else:
            held.clear()
    if count == len(held):
        heard = tuple(timed for timed in held if timed.event.dispatched)
        return Stream(walk.is_stream, tuple(held), heard, walk.unfinished, walk.problem)
    again = Again(partial(_again, exchange), count)
    heard_again = Again(lambda: (timed for timed in again if timed.event.dispatched), dispatched)
    return Stream(walk.is_stream, again, heard_again, walk.unfinished, walk.problem)


def _again(exchange: Exchange) -> Iterator[TimedEvent]:
    return _Walk(exchange).events()


def coding_problem(exchange: Exchange) -> str:
    """The same as a stream's, of which no event is looked at."""
    response = exchange.response
    if response is None or parser_for(media_type(response.headers)) is None:
        return ""
    if not set(tokens(response.headers, b"content-encoding")) - {b"identity"}:
        return ""
    try:
        body = Plain(response.headers)
        for _, data in exchange.arrivals:
            for _ in body.feed(data):
                pass
        if exchange.ending.whole:
            body.finish()
    except CodingError as error:
        return str(error)
    return ""


class _Walk:
    """Once through the body."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        response = exchange.response
        self._parser = parser_for(media_type(response.headers)) if response else None
        self.is_stream = self._parser is not None
        self.fed = 0
        """Plain bytes so far."""
        self.problem = ""

    def events(self) -> Iterator[TimedEvent]:
        try:
            yield from self._events()
        except CodingError as error:
            self.problem = str(error)

    def _events(self) -> Iterator[TimedEvent]:
        response, parser = self._exchange.response, self._parser
        if response is None or parser is None:
            return
        body = Plain(response.headers)
        for read, (t, data) in enumerate(self._exchange.arrivals):
            for piece in body.feed(data):
                self.fed += len(piece)
                for event in parser.feed(piece):
                    yield TimedEvent(t, event, read)
        if self._exchange.ending.whole:
            body.finish()

    @property
    def unfinished(self) -> int:
        """Bytes of a last block that is not complete."""
        start = self._parser.unfinished if self._parser else None
        return 0 if start is None else self.fed - start
