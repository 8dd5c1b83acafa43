"""Server-sent events as WHATWG HTML, section 9.2, defines them: bytes to events and back.

And, beside them, the lines of newline-delimited JSON, as events of the same shape.
"""

from sseproxy.sse.lines import LineParser
from sseproxy.sse.parser import Event, EventStreamParser, Ignored, Reason
from sseproxy.sse.serializer import serialize

EVENT_STREAM = b"text/event-stream"
LINES = frozenset({b"application/x-ndjson", b"application/ndjson", b"application/jsonl"})
"""Media types of newline-delimited JSON; the first is what Ollama sends. None of them is registered."""


def parser_for(media_type: bytes) -> EventStreamParser | LineParser | None:
    """A parser for a body of this type (lower-case, without parameters); None: it is no stream of events."""
    if media_type == EVENT_STREAM:
        return EventStreamParser()
    return LineParser() if media_type in LINES else None


__all__ = [
    "EVENT_STREAM",
    "LINES",
    "Event",
    "EventStreamParser",
    "Ignored",
    "LineParser",
    "Reason",
    "parser_for",
    "serialize",
]
