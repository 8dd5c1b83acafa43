"""A proxy that stops: what is under way may finish, what is idle goes at once, and nothing new begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sseproxy.clock import SystemClock
from sseproxy.exchange import Ending
from sseproxy.proxy import Options, Proxy
from sseproxy.server import Running
from tests.faults.support import comes_true
from tests.support.net import PATIENCE, Peer, Script, Turns, client, upstream
from tests.transparency.support import OK, Origin, closing, recordings

FOR_EVER = 3600.0
"""Seconds of grace: what ends before them has ended by itself."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nok"
BODILESS = b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"


def get(target: bytes) -> bytes:
    """A request that keeps its connection."""
    return b"GET %b HTTP/1.1\r\nHost: c\r\n\r\n" % target


async def turn() -> None:
    await asyncio.sleep(0)


async def rest_at_once(peer: Peer) -> bytes | None:
    """All that still comes; None where the connection does not end."""
    reading = asyncio.create_task(peer.rest())
    if await comes_true(reading.done, turn):
        return (await reading)[0]
    reading.cancel()
    return None


async def noticed() -> None:
    """Lets the event loop, which all sides share, hand on what the kernel has: a few turns of it."""
    for _ in range(10):
        await asyncio.sleep(0)


class Stage:
    def __init__(self, proxy: Proxy, server: Running) -> None:
        self.proxy = proxy
        self.url = server.url
        self._stopping: asyncio.Task[None] | None = None

    async def begin_to_stop(self) -> None:
        """The proxy takes nothing new from here on."""
        self._stopping = asyncio.create_task(self.proxy.stop(FOR_EVER))
        await asyncio.sleep(0)  # its first step closes what is idle
        assert not self._stopping.done()

    async def stopped(self) -> None:
        assert self._stopping
        async with asyncio.timeout(PATIENCE):
            await self._stopping


@contextlib.asynccontextmanager
async def stage(script: Script, folder: Path) -> AsyncIterator[Stage]:
    async with upstream(script) as url:
        proxy = Proxy(Options(upstreams=(url,), cassettes=folder, port=0), SystemClock())
        server = await proxy.start()
        try:
            yield Stage(proxy, server)
        finally:
            await proxy.stop(grace=0)


class Waiting:
    """An upstream that answers `/wait` in two parts, each when it is told to, and all else at once."""

    def __init__(self, first: bytes = b"", rest: bytes = OK) -> None:
        self._first, self._rest = first, rest
        self.asked, self.go_on, self.answered = Turns(), Turns(), Turns()
        self.targets: list[bytes] = []

    async def __call__(self, peer: Peer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.targets.append((await peer.request()).split(b" ")[1])
                if self.targets[-1] == b"/wait":
                    await peer.send(self._first)
                    self.asked.give()
                    await self.go_on.wait()
                    await peer.send(self._rest)
                else:
                    await peer.send(OK)
                    self.answered.give()


UPLOADS = {
    "a length": (b"Content-Length: 9\r\n", [b"abc", b"def", b"ghi"], b"ghi"),
    "chunks": (
        b"Transfer-Encoding: chunked\r\n",
        [b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"3\r\nghi\r\n0\r\n\r\n"],
        b"0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("fields", "parts", "end"), UPLOADS.values(), ids=UPLOADS.keys())
async def test_an_upload_under_way_may_finish_and_is_answered(
    fields: bytes, parts: list[bytes], end: bytes, tmp_path: Path
) -> None:
    heard = Turns()
    bodies: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        body = b""
        for mark in (b"abc", b"def", end):
            body += await peer.until(mark)
            heard.give()
        bodies.append(body)
        await peer.send(OK)
        await peer.rest()

    async with stage(script, tmp_path) as on, client(on.url) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: c\r\n" + fields + b"\r\n" + parts[0])
        await heard.wait()
        await on.begin_to_stop()
        for part in parts[1:]:
            await peer.send(part)
            await heard.wait()
        assert await peer.rest() == (closing(OK), "eof")
        await on.stopped()
    assert bodies == [b"".join(parts)]
    (cassette,) = recordings(tmp_path)
    assert cassette.ending is Ending.CLEAN
    assert cassette.request
    assert (cassette.request.body, cassette.request.complete) == (b"abcdefghi", True)


IDLE = {
    "it has asked nothing yet": b"",
    "it has begun to ask": b"GET /half HTTP/1.1\r\nHo",
    "it has sent an empty line": b"\r\n",
}


@pytest.mark.parametrize("used", [False, True], ids=["new", "used before"])
@pytest.mark.parametrize("begun", IDLE.values(), ids=IDLE.keys())
async def test_a_connection_that_is_idle_is_closed_at_once(begun: bytes, used: bool, tmp_path: Path) -> None:
    origin = Waiting()
    async with stage(origin, tmp_path) as on, client(on.url) as idle, client(on.url) as busy:
        if used:
            await idle.send(get(b"/idle"))
            assert await idle.until(b"ok") == OK
        await idle.send(begun)
        await busy.send(get(b"/wait"))
        await origin.asked.wait()
        await on.begin_to_stop()
        # Though another stream has an hour to go on.
        assert await idle.rest() == (b"", "eof")
        origin.go_on.give()
        assert await busy.rest() == (closing(OK), "eof")
        await on.stopped()
    assert origin.targets == [b"/idle", b"/wait"][not used :]


@pytest.mark.parametrize(
    "answer", [OK, CHUNKED, UNFRAMED, BODILESS], ids=["length", "chunked", "close", "none"]
)
async def test_a_response_whose_head_is_still_to_come_tells_that_the_connection_ends(
    answer: bytes, tmp_path: Path
) -> None:
    asked, go_on = Turns(), Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.give()
        await go_on.wait()
        await peer.send(answer)
        if answer is not UNFRAMED:
            await peer.rest()

    async with stage(script, tmp_path) as on, client(on.url) as peer:
        await peer.send(get(b"/"))
        await asked.wait()
        await on.begin_to_stop()
        go_on.give()
        assert await peer.rest() == (closing(answer), "eof")
        await on.stopped()


async def test_a_response_whose_head_has_been_sent_is_finished_and_then_the_connection_ends(
    tmp_path: Path,
) -> None:
    origin = Waiting(HEAD + b"o", b"k")
    async with stage(origin, tmp_path) as on, client(on.url) as peer:
        await peer.send(get(b"/wait"))
        await peer.until(b"\r\n\r\no")
        await on.begin_to_stop()
        origin.go_on.give()
        assert await peer.rest() == (b"k", "eof")
        await on.stopped()
    assert [each.ending for each in recordings(tmp_path)] == [Ending.CLEAN]


NEXT = get(b"/next")
POST = b"POST /wait HTTP/1.1\r\nHost: c\r\n"
WITH_LENGTH = POST + b"Content-Length: 3\r\n\r\nask"
WITH_CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nask\r\n0\r\n\r\n"
# What comes before the proxy stops, what comes after.
BEHIND = {
    "in the same read": (get(b"/wait") + NEXT, b""),
    "in the same read as a body": (WITH_LENGTH + NEXT, b""),
    "in the same read as chunks": (WITH_CHUNKS + NEXT, b""),
    "half of it": (get(b"/wait") + NEXT[:20], NEXT[20:]),
    "half of it behind chunks": (WITH_CHUNKS + NEXT[:20], NEXT[20:]),
    "afterwards": (get(b"/wait"), NEXT),
    "afterwards behind chunks": (WITH_CHUNKS, NEXT),
    "many of them": (get(b"/wait") + 100 * NEXT, 100 * NEXT),
    "with a body": (get(b"/wait") + WITH_LENGTH.replace(b"/wait", b"/next"), b""),
    "an unusual one": (get(b"/wait") + b"FROB /n\xe9xt HTTP/1.1\r\nHost: c\r\n\r\n", b""),
}


@pytest.mark.parametrize("begun", [False, True], ids=["before its head", "behind its head"])
@pytest.mark.parametrize(("before", "after"), BEHIND.values(), ids=BEHIND.keys())
async def test_a_request_behind_the_present_one_is_not_passed_on(
    before: bytes, after: bytes, begun: bool, tmp_path: Path
) -> None:
    origin = Waiting(HEAD, b"ok") if begun else Waiting()
    async with stage(origin, tmp_path) as on, client(on.url) as peer:
        await peer.send(before)
        await origin.asked.wait()
        if begun:
            assert await peer.until(b"\r\n\r\n") == HEAD
        await on.begin_to_stop()
        await peer.send(after)
        origin.go_on.give()
        if begun:
            assert await peer.until(b"ok") == b"ok"
        else:
            assert await peer.until(b"ok") == closing(OK)
        # What nobody has read may make it a reset.
        assert (await peer.rest())[0] == b""
        await on.stopped()
    assert origin.targets == [b"/wait"]
    assert [each.request.target for each in recordings(tmp_path) if each.request] == [b"/wait"]


@pytest.mark.parametrize("late", [b"", get(b"/late")], ids=["idle", "asks again"])
@pytest.mark.parametrize("moments", range(8))
async def test_a_connection_that_has_just_been_answered_is_closed_at_once_too(
    moments: int, late: bytes, tmp_path: Path
) -> None:
    """Whatever the proxy has still to do for the answer before."""
    origin = Waiting()
    async with stage(origin, tmp_path) as on, client(on.url) as answered, client(on.url) as busy:
        await busy.send(get(b"/wait"))
        await origin.asked.wait()
        await answered.send(get(b"/"))
        await origin.answered.wait()
        for _ in range(moments):
            await asyncio.sleep(0)
        await on.begin_to_stop()
        if late:
            await answered.send(late)
        assert await rest_at_once(answered) in (OK, closing(OK))
        assert origin.targets == [b"/wait", b"/"]
        origin.go_on.give()
        assert await busy.rest() == (closing(OK), "eof")
        await on.stopped()


@pytest.mark.parametrize("moments", range(8))
@pytest.mark.parametrize("first", [get(b"/1"), WITH_CHUNKS.replace(b"/wait", b"/1")], ids=["plain", "chunks"])
async def test_a_request_that_is_next_when_the_proxy_stops_is_answered_or_not_passed_on(
    first: bytes, moments: int, tmp_path: Path
) -> None:
    origin = Waiting()
    async with stage(origin, tmp_path) as on, client(on.url) as peer, client(on.url) as busy:
        await busy.send(get(b"/wait"))
        await origin.asked.wait()
        await peer.send(first + get(b"/2") + get(b"/3") + get(b"/4"))
        await origin.answered.wait()
        for _ in range(moments):
            await asyncio.sleep(0)
        await on.begin_to_stop()
        rest = await rest_at_once(peer)
        assert rest is not None
        assert rest.count(b"ok") == len(origin.targets) - 1
        origin.go_on.give()
        assert await busy.rest() == (closing(OK), "eof")
        await on.stopped()


@pytest.mark.parametrize("moments", range(6))
async def test_a_request_that_has_just_come_when_the_proxy_stops_is_broken_off_or_not_passed_on(
    moments: int, tmp_path: Path
) -> None:
    """Between the read of its head and the beginning of its exchange, too."""
    async with stage(Waiting(), tmp_path) as on, client(on.url) as peer:
        await noticed()  # that there is a connection
        await peer.send(get(b"/wait"))
        for _ in range(moments):
            await asyncio.sleep(0)
        await on.proxy.stop(grace=0)
        endings = [each.ending for each in recordings(tmp_path)]
    assert endings in ([], [Ending.PROXY_STOPPED])


@pytest.mark.parametrize("moments", range(8))
@pytest.mark.parametrize("first", [get(b"/1"), WITH_CHUNKS.replace(b"/wait", b"/1")], ids=["plain", "chunks"])
async def test_a_request_that_is_next_when_a_proxy_without_grace_stops_is_broken_off_or_not_passed_on(
    first: bytes, moments: int, tmp_path: Path
) -> None:
    origin = Waiting()
    async with stage(origin, tmp_path) as on, client(on.url) as peer:
        await peer.send(first + get(b"/wait"))
        await origin.answered.wait()
        for _ in range(moments):
            await asyncio.sleep(0)
        await on.proxy.stop(grace=0)
        endings = [each.ending for each in recordings(tmp_path)]
    assert endings in (
        [Ending.PROXY_STOPPED],
        [Ending.CLEAN],
        [Ending.CLEAN, Ending.PROXY_STOPPED],
    )


async def test_a_proxy_with_nothing_under_way_stops_without_waiting(tmp_path: Path) -> None:
    origin = Origin()
    async with stage(origin, tmp_path) as on, client(on.url) as new, client(on.url) as used:
        await used.send(get(b"/"))
        assert await used.until(b"ok") == OK
        await noticed()  # that the answer is all
        async with asyncio.timeout(PATIENCE):
            await on.proxy.stop(FOR_EVER)
        assert await new.rest() == (b"", "eof")
        assert await used.rest() == (b"", "eof")
