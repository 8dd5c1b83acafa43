"""A thousand streams at once through one recorder, twice for half a minute; clients come and go."""

from __future__ import annotations

import asyncio
import re
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import cast
from urllib.parse import urlsplit

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import Ending, Framing
from tests.e2e.streams import LAST_CHUNK, framed, head
from tests.faults.support import MIB, Program, get, many_descriptors, parts, program, recordings, until
from tests.support.net import PATIENCE, Peer
from tests.support.wire import Response

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

STREAMS = 1_000
WAVE = 30.0
"""Seconds in which a client that has ended is followed by another; there are two waves."""
ROUND = 0.2
"""Seconds between two events of a stream."""
EVENTS = (10, 60)
"""How many a stream has: at least, at most."""
LEAVES = 0.4
"""The share of clients that leave before the end."""
GROWTH = 16 * MIB
"""What the second wave may add to the memory that the first one needed."""


def event(stream: int, number: int) -> bytes:
    return b'id: %d\ndata: {"stream": %d, "padding": "%b"}\n\n' % (number, stream, stream % 97 * b"x")


def body(stream: int, count: int) -> bytes:
    return b"".join([event(stream, number) for number in range(count)])


def length(stream: int) -> int:
    """How many events a stream has, as both ends know."""
    return Random(stream).randint(*EVENTS)


class Source(asyncio.Protocol):
    """The upstream's end of one stream."""

    def __init__(self, open_: set[Source]) -> None:
        self._open = open_
        self._asked = b""
        self.stream = -1
        self._next = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._asked += data
        if found := re.match(rb"GET /(\d+) .*\r\n\r\n$", self._asked, re.DOTALL):
            self.stream = int(found[1])
            self._asked = b""
            self._next = 0
            self.transport.write(head(Framing.CHUNKED, 0))
            self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)

    def go_on(self) -> None:
        """One event, or the end behind the last."""
        if self._next == length(self.stream):
            self.transport.write(LAST_CHUNK)
            self._open.discard(self)
        else:
            self.transport.write(framed(Framing.CHUNKED, event(self.stream, self._next)))
            self._next += 1


class Sink(asyncio.Protocol):
    """The client's end of one stream. Some leave, most of them in the middle of things."""

    def __init__(self, stream: int, random: Random) -> None:
        self.got = Response(get(f"/{stream}"))
        self._stream = stream
        whole = len(body(stream, length(stream)))
        self._leaves_at = random.randrange(whole) if random.random() < LEAVES else whole + 1
        self._how: Callable[[Peer], None] = random.choice([Peer.close, Peer.reset])
        self.left = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(get(f"/{self._stream}"))

    def data_received(self, data: bytes) -> None:
        self.got.feed(data)
        if len(self.got.body) >= self._leaves_at and not self.left:
            self.left = True
            if self._how is Peer.reset:
                self._transport.abort()
            else:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.got.how = "reset" if exc else "eof"
        if not self.ended.done():
            self.ended.set_result(None)


def _same(sink: Sink) -> Sink:
    return sink


async def feed(open_: set[Source]) -> None:
    """Every stream gets an event a round."""
    while True:
        await asyncio.sleep(ROUND)
        for source in list(open_):
            source.go_on()


class Storm:
    """All streams so far, by their numbers."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).hostname or ""
        self._port = urlsplit(url).port or 0
        self._random = Random(1)
        self.sinks: list[Sink] = []

    async def _client(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            sink = Sink(len(self.sinks), self._random)
            self.sinks.append(sink)
            await loop.create_connection(partial(_same, sink), self._host, self._port)
            async with asyncio.timeout(PATIENCE + EVENTS[1] * ROUND):
                await sink.ended

    async def wave(self) -> None:
        end = asyncio.get_running_loop().time() + WAVE
        async with asyncio.TaskGroup() as group:
            for _ in range(STREAMS):
                group.create_task(self._client(end))


async def at_rest(recorder: Program, descriptors: int) -> int:
    """The memory that it uses when it has closed all that belonged to streams."""
    await until(lambda: len(recorder.descriptors()) <= descriptors, recorder.turn)
    figures = await recorder.figures()
    assert figures["sseproxy_open_streams"] == 0
    assert figures["sseproxy_lost_recordings"] == 0
    return recorder.memory("VmRSS")


def check_cassettes(folder: Path, sinks: list[Sink]) -> None:
    """Each has what its client got, or more of the same; none has anything of another stream."""
    assert parts(folder) == []
    seen = []
    for path in recordings(folder):
        exchange = load(path)
        assert exchange.request
        stream = int(exchange.request.target.removeprefix(b"/"))
        seen.append(stream)
        sink, whole = sinks[stream], body(stream, length(stream))
        assert whole.startswith(exchange.body), path
        assert exchange.body.startswith(sink.got.body), path
        if sink.left:
            assert exchange.ending in (Ending.CLIENT_LEFT, Ending.CLEAN), path
        else:
            assert (exchange.ending, exchange.body) == (Ending.CLEAN, whole), path
    assert sorted(seen) == list(range(len(sinks)))


async def test_a_thousand_streams_are_neither_mixed_nor_lost_and_leave_nothing_behind(tmp_path: Path) -> None:
    with many_descriptors():
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 4 * STREAMS:
            pytest.skip("too few descriptors")
        loop = asyncio.get_running_loop()
        open_: set[Source] = set()
        server = await loop.create_server(lambda: Source(open_), "127.0.0.1", 0, backlog=STREAMS)
        feeding = loop.create_task(feed(open_))
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with program("record", "--upstream", url, "--cassettes", tmp_path) as recorder:
            await recorder.turn()
            descriptors = len(recorder.descriptors())
            storm = Storm(recorder.url)
            await storm.wave()
            after_one = await at_rest(recorder, descriptors)
            await storm.wave()
            after_two = await at_rest(recorder, descriptors)
            assert await recorder.stop() == 0
        feeding.cancel()
        server.close()
    assert len(storm.sinks) > 2 * STREAMS
    assert any(sink.left for sink in storm.sinks)
    for stream, sink in enumerate(storm.sinks):
        whole = body(stream, length(stream))
        assert whole.startswith(sink.got.body)
        if not sink.left:
            assert (sink.got.fate, sink.got.body) == ("whole", whole)
    check_cassettes(tmp_path, storm.sinks)
    assert len([line for line in recorder.said if " GET /" in line]) == len(storm.sinks)
    assert after_two - after_one < GROWTH
