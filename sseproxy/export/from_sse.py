"""The text of an event stream, as `curl -N > file` leaves it, to an exchange."""

from __future__ import annotations

from sseproxy.cassette.naming import wall_text
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Arrival, End, Ending, Exchange, Framing, Head, ResponseHead
from sseproxy.export.imported import Import, notes
from sseproxy.sse import EventStreamParser

LACKING = (
    "imported from the text of an event stream: it carries neither request, status, headers nor ending",
    "status 200 and the content type stand in for the response's head; whether it was whole can't be told",
    "it carries no times and no read boundaries: all of it stands here as one read at 0",
)


def from_sse(text: bytes, run: Import) -> Exchange:
    """An exchange with these bytes as its body. Raises SseproxyError where no event is in them."""
    if not EventStreamParser().feed(text):
        raise SseproxyError(
            "neither a HAR nor the text of an event stream: no event in it ends in a blank line"
        )
    head = Head(
        id=run.new_id(run.now),
        by="unknown",
        wall=wall_text(run.now),
        session=run.session,
        session_t=0,
        upstream="",
    )
    headers = ((b"Content-Type", b"text/event-stream"),)
    response = ResponseHead(0, 200, b"", "1.1", headers, Framing.CLOSE)
    end = End(0, Ending.EOF_UNFRAMED, len(text))
    return Exchange(head, None, response, (Arrival(0, text),), notes(LACKING), end)
