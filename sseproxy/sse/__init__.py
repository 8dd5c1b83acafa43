"""Server-sent events as WHATWG HTML, section 9.2, defines them: bytes to events and back."""

from sseproxy.sse.parser import Event, EventStreamParser, Ignored, Reason
from sseproxy.sse.serializer import serialize

__all__ = ["Event", "EventStreamParser", "Ignored", "Reason", "serialize"]
