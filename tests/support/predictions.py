"""Streams of the prediction server, written down in a line."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sseproxy.analysis.lint import RULES, Finding, Place
from sseproxy.exchange import Arrival, End, Ending, Exchange, Framing, Head, Request, ResponseHead
from tests.cli.builder import STREAM, TARGET

SESSION = "01KAQ3KX00M4T2AB"
MS = 1_000
"""In microseconds."""


def event(kind: str, data: object) -> bytes:
    """As it stands on the wire."""
    told = json.dumps({"event": kind, "data": data}, separators=(",", ":"), ensure_ascii=False)
    return f"message:\ndata:{told}\n\n".encode()


def prediction(
    came: Sequence[tuple[int, bytes]],
    *,
    id: str = "01KAQ3M5Z8T7QRSA",
    session: str = SESSION,
    began: int = 0,
    chat: str | None = None,
    ending: Ending = Ending.CLEAN,
    end_t: int | None = None,
) -> Exchange:
    """`came`: when (in milliseconds) which bytes were read. `chat`: the chat that the request names."""
    arrivals = tuple(Arrival(t * MS, data) for t, data in came)
    asked = {"question": "Hi", "streaming": True} | ({"chatId": chat} if chat else {})
    last = arrivals[-1].t if arrivals else 0
    return Exchange(
        Head(
            id, "sseproxy/0.1.0", "2026-11-23T00:41:34.120415Z", session, began * MS, "http://localhost:3000"
        ),
        Request("POST", TARGET, "1.1", ((b"Content-Type", b"application/json"),), json.dumps(asked).encode()),
        ResponseHead(9 * MS, 200, b"OK", "1.1", STREAM, Framing.CHUNKED),
        arrivals,
        (),
        End(last if end_t is None else end_t * MS, ending, sum(len(each.data) for each in arrivals)),
    )


def tokens(start: int, *words: str, every: int = 20) -> list[tuple[int, bytes]]:
    """A token for each word, `every` milliseconds apart."""
    return [(start + every * number, event("token", word)) for number, word in enumerate(words)]


def takeover() -> tuple[Exchange, Exchange]:
    """Two requests with one chat at once, as the real server answers them.

    The second connection gets the tokens of both and one `end`; the first one hangs until its client leaves.
    cassettes/takeover holds such a pair as it was recorded.
    """
    first = [(60, event("start", "")), *tokens(80, "Once", " upon", " a", " time")]
    second = [
        *tokens(20, " there", " was", " a", " proxy"),
        (100, event("start", "")),
        *tokens(100, "In", " short", ":", " no"),
        (170, event("metadata", {"chatId": "9b6e1c", "chatMessageId": "m2"}) + event("end", "[DONE]")),
    ]
    return (
        prediction(first, chat="9b6e1c", ending=Ending.CLIENT_LEFT, end_t=5_000),
        prediction(second, id="01KAQ3M5Z8T7QRSB", began=150, chat="9b6e1c"),
    )


def finding(value: Exchange, code: str, message: str, event: int | None = None) -> Finding:
    """What lint could say of this stream's event, or of the whole of it."""
    return Finding(RULES[code], Place(value.head.id, value.head.id, 1, None, event), message)
