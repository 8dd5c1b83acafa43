"""A small stream in each framing, sent and read in lockstep."""

from __future__ import annotations

from collections.abc import Sequence

from sseproxy.exchange import Framing
from tests.support.net import Peer, Turns
from tests.support.wire import Response

BODY = b'{"question":"Hi","streaming":true}'
TARGET = b"/api/v1/prediction/5f0c"
EVENTS = (b"data: one\n\n", b"data: two\n\n")
FRAMED = (Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE)
LAST_CHUNK = b"0\r\n\r\n"


def request(version: str = "1.1") -> bytes:
    """A client that asks once."""
    head = b"POST %b HTTP/%b\r\nHost: recorded\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % (TARGET, version.encode(), len(BODY)) + BODY


def head(framing: Framing, length: int) -> bytes:
    """`length` is that of the whole body, where the framing tells it."""
    told = {
        Framing.CHUNKED: b"Transfer-Encoding: chunked\r\n",
        Framing.LENGTH: b"Content-Length: %d\r\n" % length,
        Framing.CLOSE: b"",
    }
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%b\r\n" % told[framing]


def framed(framing: Framing, data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if framing is Framing.CHUNKED else data


async def send_in_lockstep(
    peer: Peer, framing: Framing, pieces: Sequence[bytes], turns: Turns, *, missing: int = 0
) -> None:
    """The head, then a piece at a time; `missing` bytes of the body will not have been sent then."""
    await peer.send(head(framing, len(b"".join(pieces)) + missing))
    for piece in pieces:
        await peer.send(framed(framing, piece))
        await turns.wait()


async def read_in_lockstep(peer: Peer, response: Response, pieces: Sequence[bytes], turns: Turns) -> None:
    for piece in pieces:
        wanted = response.body + piece
        while response.body != wanted:
            data = await peer.read()
            assert data, "the response ended too early"
            response.feed(data)
        turns.give()
