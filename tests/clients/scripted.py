"""An upstream that answers from a script, and tells when its client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.support.net import Peer, upstream


class Asked(NamedTuple):
    """A request, as far as a script looks at it."""

    method: str
    target: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A chunked response, or one without a body."""

    pieces: Sequence[bytes] = ()
    """Each goes out as a chunk of its own."""
    type: str = "text/event-stream"
    status: str = "200 OK"
    headers: Sequence[tuple[str, str]] = ()
    stays: bool = False
    """Whether the stream goes on, in silence, when all pieces have been sent."""
    main: bool = False
    """Whether it is the stream that a client leaves before its end."""
    meanwhile: bytes = b""
    """What goes out again and again while the stream is held; empty: it is silent."""

    def head(self) -> bytes:
        framing = [("Content-Type", self.type), ("Transfer-Encoding", "chunked")]
        fields = [*self.headers, *(framing if self.pieces else [("Content-Length", "0")])]
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in fields), "", ""]
        return "\r\n".join(lines).encode()


PACE = 0.05
"""Seconds between two pieces of a stream that goes on."""
Replies = Callable[[Asked], Answer]


@dataclass(frozen=True, slots=True)
class Scripted:
    """A server of answers under way."""

    url: str
    left: asyncio.Event
    """Set when a client has left the stream that was held."""


@contextlib.asynccontextmanager
async def scripted(replies: Replies, *, hold: bool = False) -> AsyncIterator[Scripted]:
    """Serves the answers. With `hold` the main stream stops before its last piece and waits there."""
    left = asyncio.Event()

    async def serve(peer: Peer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                answer = replies(_read(await peer.request()))
                await peer.send(answer.head())
                holding = hold and answer.main
                for piece in answer.pieces[:-1] if holding else answer.pieces:
                    await peer.send(_chunk(piece))
                if holding or answer.stays:
                    await _gone(peer, answer.meanwhile)
                    if holding:
                        left.set()
                    return
                if answer.pieces:
                    await peer.send(b"0\r\n\r\n")

    async with upstream(serve) as url:
        yield Scripted(url, left)


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def _gone(peer: Peer, meanwhile: bytes) -> None:
    """Comes back when the client has left. No limit of ours: a stream may be idle for long."""
    gone = asyncio.create_task(_left(peer))
    while not gone.done():
        await asyncio.wait([gone], timeout=PACE if meanwhile else None)
        if meanwhile and not gone.done():
            await peer.send(_chunk(meanwhile))


async def _left(peer: Peer) -> None:
    with contextlib.suppress(ConnectionError):
        while await peer.reader.read(2**16):
            pass


def _read(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value for name, value in (re.split(": *", field, maxsplit=1) for field in fields)
    }
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(re.findall(rb"(?s)[0-9a-f]+\r\n(.*?)\r\n", body))
    return Asked(method, target, headers, body)
