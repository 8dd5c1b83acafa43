"""The text of an event stream, as `curl -N > file` leaves it, to an exchange."""

from __future__ import annotations

import re

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
_FIELD = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])(?:data|event|id|retry):")
"""A line that makes any text an event stream's: one without a colon, or a comment, may be anybody's."""


def from_sse(text: bytes, run: Import) -> Exchange:
    """An exchange with these bytes as its body. Raises SseproxyError where no event is in them."""
    if not EventStreamParser().feed(text):
        _refuse("no event in it ends in a blank line")
    if not _FIELD.search(text):
        _refuse("no line in it begins with `data:`, `event:`, `id:` or `retry:`")
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


def _refuse(why: str) -> None:
    raise SseproxyError(f"neither a HAR nor the text of an event stream: {why}")
