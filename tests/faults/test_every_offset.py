"""A fault behind every byte, on each side of the proxy: what the client sees, what is kept, what replays.

Each test has one exchange for every offset, all of them at once through one proxy; a request's target says
which it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Ending, Exchange, Framing
from tests.e2e.streams import BODY, FRAMED, LAST_CHUNK, framed, head
from tests.faults.support import leaves_nothing
from tests.support.net import PATIENCE, Peer, Turns, client, fetch, recorded, replayer
from tests.support.wire import Dechunker, Fate, Response

EVENTS = (b"data: one\n\n", b"data: two\n\n", b"data: [DONE]\n\n")
WHOLE_BODY = b"".join(EVENTS)
SILENCE = 1.0
"""Seconds: longer than it takes to begin all the exchanges of a test."""


def request(number: int, *, chunked: bool = False) -> bytes:
    """The request of one exchange; they are all of one length."""
    if chunked:
        told = b"Transfer-Encoding: chunked"
        body = framed(Framing.CHUNKED, BODY[:9]) + framed(Framing.CHUNKED, BODY[9:]) + LAST_CHUNK
    else:
        told = b"Content-Length: %d" % len(BODY)
        body = BODY
    return b"POST /%03d HTTP/1.1\r\nHost: recorded\r\nConnection: close\r\n%b\r\n\r\n%b" % (
        number,
        told,
        body,
    )


def number_of(asked: bytes) -> int:
    return int(asked.split(b" ", 2)[1].removeprefix(b"/"))


def response(framing: Framing) -> bytes:
    chunks = b"".join(framed(framing, event) for event in EVENTS)
    return head(framing, len(WHOLE_BODY)) + chunks + (LAST_CHUNK if framing is Framing.CHUNKED else b"")


class Fault(Enum):
    """What happens behind the last byte that the upstream sends."""

    FIN = "the upstream closes"
    RST = "the upstream resets"
    SILENCE = "the upstream says nothing more"
    CLIENT_FIN = "the client closes"
    CLIENT_RST = "the client resets"

    @property
    def by_client(self) -> bool:
        return self in (Fault.CLIENT_FIN, Fault.CLIENT_RST)


class Outcome(NamedTuple):
    """What came of one exchange."""

    status: int
    """Of the replay; 0: no head came."""
    fate: Fate
    """Of the replay."""
    ending: Ending
    left: bool
    """Whether the cassette says that the client left after the last event."""
    stored: bytes


CUT_BY: dict[Fault, tuple[Ending, int]] = {
    Fault.FIN: (Ending.TRUNCATED, 502),
    Fault.RST: (Ending.UPSTREAM_RESET, 502),
    Fault.SILENCE: (Ending.UPSTREAM_TIMEOUT, 504),
    Fault.CLIENT_FIN: (Ending.CLIENT_LEFT, 0),
    Fault.CLIENT_RST: (Ending.CLIENT_LEFT, 0),
}
"""The ending of a response that is not whole, and the status where it has no head."""


def so_far(framing: Framing, offset: int) -> Response:
    """What a client can know of a response of which this much has come."""
    known = Response(request(offset))
    known.feed(response(framing)[:offset])
    return known


def expected(framing: Framing, fault: Fault, offset: int) -> Outcome:
    sent = so_far(framing, offset)
    ending, status = CUT_BY[fault]
    if not sent.head:
        return Outcome(status, "whole" if status else "cut", ending, False, b"")
    if sent.complete:
        return Outcome(200, "whole", Ending.CLEAN, False, sent.body)
    if framing is Framing.CLOSE and fault is Fault.FIN:
        return Outcome(200, "whole", Ending.EOF_UNFRAMED, False, sent.body)
    if fault.by_client and sent.body == WHOLE_BODY:
        return Outcome(200, "whole", Ending.CLEAN, True, sent.body)
    told_by_reset = fault is Fault.RST or framing is Framing.CLOSE
    return Outcome(200, "reset" if told_by_reset else "cut", ending, False, sent.body)


class Run:
    """The exchanges of one test: one for each offset of the response."""

    def __init__(self, framing: Framing, fault: Fault) -> None:
        self.framing = framing
        self.fault = fault
        self.sent = response(framing)
        self._began: dict[int, Turns] = defaultdict(Turns)
        self._gone: dict[int, Turns] = defaultdict(Turns)

    async def upstream(self, peer: Peer) -> None:
        offset = number_of(await peer.request())
        await peer.send(self.sent[:offset])
        self._began[offset].give()
        if self.fault is Fault.FIN:
            peer.close()
        elif self.fault is Fault.RST:
            peer.reset()
        else:
            await peer.rest()
            self._gone[offset].give()

    async def ask(self, url: str, offset: int) -> Response:
        if not self.fault.by_client:
            return await fetch(url, request(offset))
        sent = so_far(self.framing, offset)
        got = Response(request(offset))
        async with client(url) as peer:
            await peer.send(request(offset))
            await self._began[offset].wait()
            while (bool(got.head), got.body, got.complete) != (bool(sent.head), sent.body, sent.complete):
                data = await peer.read()
                assert data, "the response ended too early"
                got.feed(data)
            if self.fault is Fault.CLIENT_RST:
                peer.reset()
            else:
                peer.close()
            await self._gone[offset].wait()
        return got


async def replays(cassettes: Iterable[Exchange], numbers: Iterable[int]) -> list[Response]:
    async with replayer(cassettes) as mock:
        return await asyncio.gather(*[fetch(mock.url, request(number)) for number in numbers])


def by_number(folder: Path) -> dict[int, Exchange]:
    """The cassettes in a folder by the offset that their targets name."""
    cassettes: dict[int, Exchange] = {}
    for path in find([folder]):
        exchange = load(path)
        assert exchange.request
        cassettes[int(exchange.request.target.removeprefix(b"/"))] = exchange
    return cassettes


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
@pytest.mark.parametrize("framing", FRAMED)
async def test_a_response_that_stops_at_any_byte_is_told_kept_and_replayed_as_what_it_was(
    framing: Framing, fault: Fault, tmp_path: Path
) -> None:
    run = Run(framing, fault)
    offsets = range(len(run.sent) + 1)
    options = {"idle_timeout": SILENCE} if fault is Fault.SILENCE else {}
    async with leaves_nothing(tmp_path):
        async with recorded(run.upstream, tmp_path, **options) as proxy:
            got = await asyncio.gather(*[run.ask(proxy.url, offset) for offset in offsets])
        cassettes = by_number(tmp_path)
        again = await replays(cassettes.values(), offsets)
    assert sorted(cassettes) == list(offsets)

    for offset, first, replayed in zip(offsets, got, again, strict=True):
        cassette = cassettes[offset]
        assert cassette.end
        where = f"{offset} bytes"
        outcome = Outcome(
            replayed.status, replayed.fate, cassette.ending, cassette.end.client_left, cassette.body
        )
        assert outcome == expected(framing, fault, offset), where
        assert cassette.end.bytes == len(cassette.body), where
        assert cassette.body.startswith(first.body) or cassette.response is None, where
        if not fault.by_client:
            # The replay is the same again, but for chunks that had come in one read.
            assert (replayed.head, replayed.body, replayed.fate) == (first.head, first.body, first.fate), (
                where
            )
        elif cassette.response:
            assert (replayed.head, replayed.body) == (first.head, first.body), where
        else:
            assert (replayed.raw, first.raw) == (b"", b""), where


HALF = response(Framing.CHUNKED)[: response(Framing.CHUNKED).index(b"wo\n\n")]
"""Ends within the second event."""


def leave(sock: socket.socket, how: Fault) -> None:
    if how is Fault.CLIENT_RST:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@contextlib.asynccontextmanager
async def plain_client(url: str) -> AsyncIterator[socket.socket]:
    """A socket that nobody reads but the test."""
    with socket.socket() as sock:
        sock.setblocking(False)
        parts = urlsplit(url)
        await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
        yield sock


@pytest.mark.parametrize("how", [Fault.CLIENT_FIN, Fault.CLIENT_RST], ids=lambda how: how.value)
async def test_a_client_may_leave_with_any_part_of_what_it_was_sent_unread(
    how: Fault, tmp_path: Path
) -> None:
    """It had a part, the proxy has forwarded more than that, and the cassette has all that was forwarded."""
    loop = asyncio.get_running_loop()
    gone: dict[int, Turns] = defaultdict(Turns)
    numbers = range(1, len(HALF))

    async def script(peer: Peer) -> None:
        number = number_of(await peer.request())
        await peer.send(HALF)
        await peer.rest()
        gone[number].give()

    async def ask(url: str, number: int) -> bytes:
        async with asyncio.timeout(PATIENCE), plain_client(url) as sock:
            await loop.sock_sendall(sock, request(number))
            got = b""
            while len(got) < number:
                got += await loop.sock_recv(sock, number - len(got))
            leave(sock, how)
            await gone[number].wait()
        return got

    async with leaves_nothing(tmp_path):
        async with recorded(script, tmp_path) as proxy:
            got = await asyncio.gather(*[ask(proxy.url, number) for number in numbers])
        cassettes = by_number(tmp_path)
        again = await replays(cassettes.values(), numbers)
    assert sorted(cassettes) == list(numbers)
    for number, raw, replayed in zip(numbers, got, again, strict=True):
        assert cassettes[number].ending is Ending.CLIENT_LEFT, number
        assert replayed.raw.startswith(raw) or len(raw) > len(replayed.head), number
        assert replayed.body == cassettes[number].body, number
        assert replayed.body.startswith(partial_body(raw)), number
        assert replayed.fate == "cut", number


def partial_body(raw: bytes) -> bytes:
    got = Response(b"")
    got.feed(raw)
    return got.body


@pytest.mark.parametrize("how", [Fault.CLIENT_FIN, Fault.CLIENT_RST], ids=lambda how: how.value)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_client_that_leaves_at_any_byte_of_its_request_leaves_what_it_had_sent(
    chunked: bool, how: Fault, tmp_path: Path
) -> None:
    """Of a request whose head is not complete nothing is kept, and nobody hears of it."""
    asked: dict[int, Turns] = defaultdict(Turns)
    gone: dict[int, Turns] = defaultdict(Turns)

    def sent(number: int) -> bytes:
        return request(number, chunked=chunked)[:number]

    def content(number: int) -> bytes:
        body = sent(number).partition(b"\r\n\r\n")[2]
        return Dechunker().feed(body) if chunked else body

    async def script(peer: Peer) -> None:
        number = number_of(await peer.until(b"\r\n\r\n"))
        dechunker = Dechunker()
        got = b""
        while got != content(number):
            data = await peer.read()
            got += dechunker.feed(data) if chunked else data
        asked[number].give()
        await peer.rest()
        gone[number].give()

    async def ask(url: str, number: int) -> None:
        heard = b"\r\n\r\n" in sent(number)
        async with client(url) as peer:
            await peer.send(sent(number))
            if heard:
                await asked[number].wait()
            if how is Fault.CLIENT_RST:
                peer.reset()
            else:
                peer.close()
            if heard:
                await gone[number].wait()

    numbers = range(1, len(request(0, chunked=chunked)))
    async with leaves_nothing(tmp_path):
        async with recorded(script, tmp_path) as proxy:
            await asyncio.gather(*[ask(proxy.url, number) for number in numbers])
        cassettes = by_number(tmp_path)
    assert sorted(cassettes) == [number for number in numbers if b"\r\n\r\n" in sent(number)]
    for number, cassette in cassettes.items():
        assert cassette.request
        assert cassette.ending is Ending.CLIENT_LEFT, number
        assert cassette.request.body == content(number), number
        assert not cassette.request.complete, number
