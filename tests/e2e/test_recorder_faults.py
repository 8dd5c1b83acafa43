"""Faults of the recording that are our own: its stream never hears of them, and nothing stays open.

And what decides that a client that left had everything.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from sseproxy.cassette.store import is_being_written
from sseproxy.clock import SystemClock
from sseproxy.exchange import Ending, Exchange, Framing
from sseproxy.proxy import Options, Proxy
from sseproxy.server import Running
from tests.e2e.streams import EVENTS, LAST_CHUNK, framed, head, read_in_lockstep, request
from tests.faults.support import open_files
from tests.support.net import (
    Peer,
    Script,
    Turns,
    client,
    eventually,
    finish,
    only_cassette,
    recorded,
    upstream,
)
from tests.support.wire import Response
from tests.transparency.support import recordings

LAST = b"event: end\ndata: [DONE]\n\n"
PIECES = [*EVENTS, LAST]
BODY = b"".join(PIECES)
NEVER = 10**9
MARK = b"GET /after HTTP/1.1\r\nHost: recorded\r\nConnection: close\r\n\r\n"


class FaultyClock(SystemClock):
    """Tells the time, save when it is asked for the nth time."""

    def __init__(self, now_fails_at: int = NEVER, wall_fails_at: int = NEVER) -> None:
        self._now_left = now_fails_at
        self._wall_left = wall_fails_at

    def now(self) -> int:
        self._now_left -= 1
        if self._now_left == 0:
            raise ZeroDivisionError("no time")
        return super().now()

    def wall(self) -> datetime:
        self._wall_left -= 1
        if self._wall_left == 0:
            raise ZeroDivisionError("no date")
        return super().wall()


class FaultyLimit(int):
    """No limit of a body, save that the nth comparison fails."""

    def __new__(cls, fails_at: int) -> FaultyLimit:
        made = super().__new__(cls, NEVER)
        made._left = fails_at
        return made

    _left: int

    def __lt__(self, other: int) -> bool:
        self._left -= 1
        if self._left == 0:
            raise ZeroDivisionError("no limit")
        return super().__lt__(other)


class Stage:
    """A proxy whose recordings may fail, in front of an upstream that runs a script."""

    def __init__(self, proxy: Proxy, server: Running) -> None:
        self.proxy = proxy
        self.url = server.url


@contextlib.asynccontextmanager
async def stage(script: Script, folder: Path, clock: FaultyClock | None = None) -> AsyncIterator[Stage]:
    """Leaving it stops the proxy, and fails where that leaves a file open. `clock` is the recordings'."""
    async with upstream(script) as url:
        proxy = Proxy(Options(upstreams=(url,), cassettes=folder, port=0), SystemClock())
        if clock:
            proxy.session.clock = clock
        server = await proxy.start()
        try:
            yield Stage(proxy, server)
        finally:
            await proxy.stop(grace=0)
    check_closed(folder)


def check_closed(folder: Path) -> None:
    assert [path for path in folder.glob("*") if is_being_written(path)] == []
    if sys.platform == "linux":
        assert [name for name in open_files() if name.startswith(str(folder))] == []


def is_faulty(recording: Exchange) -> bool:
    return recording.request is None or recording.request.target != b"/after"


def check_log(caplog: pytest.LogCaptureFixture, *, faults: int = 1) -> None:
    """It is told of loudly, as what it is, and nothing else is wrong."""
    said = [record.getMessage() for record in caplog.records if record.exc_info]
    assert len(said) == faults
    assert all("the stream goes on" in each for each in said)


def conversation(turns: Turns | None = None) -> Script:
    """Answers everything with the pieces, a write each; with `turns` only as the client reads them."""

    async def script(peer: Peer) -> None:
        with contextlib.suppress(EOFError):
            while True:
                await peer.request()
                await peer.send(head(Framing.CHUNKED, 0))
                for piece in PIECES:
                    await peer.send(framed(Framing.CHUNKED, piece))
                    if turns:
                        await turns.wait()
                await peer.send(LAST_CHUNK)

    return script


async def check_next_is_recorded(on: Stage, folder: Path) -> None:
    """On a connection of its own, whatever has become of the one before."""
    async with client(on.url) as peer:
        await peer.send(MARK)
        answer = Response(MARK)
        while not answer.complete:
            data = await peer.read()
            assert data
            answer.feed(data)
    assert answer.body == BODY
    assert [(each.ending, each.body) for each in recordings(folder) if not is_faulty(each)] == [
        (Ending.CLEAN, BODY)
    ]


FAULTS: dict[str, tuple[int, int, int]] = {
    # Where the clock, the calendar and the limit fail.
    "when the request comes": (1, NEVER, NEVER),
    "when the recording is made": (NEVER, 1, NEVER),
    "at the first event": (NEVER, NEVER, 1),
    "at the second event": (NEVER, NEVER, 2),
    "at the last event": (NEVER, NEVER, 3),
}


@pytest.mark.parametrize(("now", "wall", "limit"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_of_the_recording_never_reaches_its_stream(
    now: int, wall: int, limit: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns()
    got = Response(MARK)
    async with stage(conversation(turns), tmp_path, FaultyClock(now, wall)) as on:
        on.proxy.session.max_body = FaultyLimit(limit)
        async with client(on.url) as peer:
            await peer.send(request())
            await read_in_lockstep(peer, got, PIECES, turns)
            await finish(peer, got)
        assert on.proxy.session.lost == 1
        assert (got.status, got.body, got.fate) == (200, BODY, "whole")
        check_closed(tmp_path)
        for _ in PIECES:
            turns.give()
        await check_next_is_recorded(on, tmp_path)
        assert on.proxy.session.lost == 1
    check_log(caplog)
    assert [each.ending for each in recordings(tmp_path) if is_faulty(each)] in ([], [Ending.INCOMPLETE])


UPLOADS = {
    "a length": (b"Content-Length: 6\r\n", b"abc", b"def"),
    "chunks": (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n", b"3\r\ndef\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize(("fields", "first", "rest"), UPLOADS.values(), ids=UPLOADS.keys())
@pytest.mark.parametrize("fails_at", [1, 2, 3])
async def test_a_fault_in_mid_upload_leaves_the_upload_whole(
    fails_at: int, fields: bytes, first: bytes, rest: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Turns()
    requests: list[bytes] = []

    async def script(peer: Peer) -> None:
        begun = await peer.until(b"abc")
        heard.give()
        requests.append(begun + await peer.until(rest[-6:]))
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await conversation()(peer)

    async with stage(script, tmp_path, FaultyClock(now_fails_at=fails_at)) as on:
        async with client(on.url) as peer:
            await peer.send(b"POST / HTTP/1.1\r\nHost: c\r\n" + fields + b"\r\n" + first)
            await heard.wait()
            await peer.send(rest)
            assert (await peer.until(b"ok")).startswith(b"HTTP/1.1 200 OK\r\n")
            assert on.proxy.session.lost == 1
            check_closed(tmp_path)
            # The connection goes on, and what comes next on it is recorded.
            await peer.send(MARK)
            assert (await peer.rest())[0].endswith(LAST_CHUNK)
        assert [(each.ending, each.body) for each in recordings(tmp_path) if not is_faulty(each)] == [
            (Ending.CLEAN, BODY)
        ]
    assert requests[0].endswith(b"\r\n\r\n" + first + rest)
    check_log(caplog)


async def test_a_fault_when_the_client_leaves_closes_its_request_upstream_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns, gone = Turns(), Turns()

    async def script(peer: Peer) -> None:
        if b"/after" in await peer.request():
            await peer.send(head(Framing.CLOSE, 0) + BODY)
            return
        await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]))
        await turns.wait()
        await peer.rest()
        gone.give()

    async with stage(script, tmp_path, FaultyClock(now_fails_at=2)) as on:
        async with client(on.url) as peer:
            await peer.send(request())
            await read_in_lockstep(peer, Response(request()), EVENTS[:1], turns)
            peer.close()
            await gone.wait()
        assert on.proxy.session.lost == 1
        check_closed(tmp_path)
        async with client(on.url) as peer:
            await peer.send(MARK)
            assert (await peer.rest())[0].endswith(BODY)
        assert [each.ending for each in recordings(tmp_path)] == [Ending.INCOMPLETE, Ending.EOF_UNFRAMED]
    check_log(caplog)


async def test_a_fault_when_the_proxy_stops_breaks_the_stream_off_as_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns()
    got = Response(request())

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]))
        await turns.wait()
        await peer.rest()

    async with contextlib.AsyncExitStack() as outlives:
        async with stage(script, tmp_path, FaultyClock(now_fails_at=2)) as on:
            peer = await outlives.enter_async_context(client(on.url))
            await peer.send(request())
            await read_in_lockstep(peer, got, EVENTS[:1], turns)
        await finish(peer, got)
    assert (got.body, got.fate) == (EVENTS[0], "cut")
    assert on.proxy.session.lost == 1
    assert only_cassette(tmp_path).ending is Ending.INCOMPLETE
    check_log(caplog)


SSE = b"Content-Type: text/event-stream\r\n"
# The head's fields, the pieces, and whether the client had everything.
HAD = {
    "the last event": (SSE, [LAST], Ending.CLEAN),
    "the last event, bare": (SSE, [b"data: [DONE]\n\n"], Ending.CLEAN),
    "with a charset": (b"content-type: Text/Event-Stream ; charset=utf-8\r\n", [LAST], Ending.CLEAN),
    "a comment behind it": (SSE, [LAST, b": bye\n\n"], Ending.CLEAN),
    "an empty line behind it": (SSE, [LAST, b"\n"], Ending.CLEAN),
    "coded as itself": (SSE + b"X-Content-Encoding: gzip\r\n", [LAST], Ending.CLEAN),
    "plain text": (b"Content-Type: text/plain\r\n", [b"data: [DONE]\n\n"], Ending.CLIENT_LEFT),
    "JSON": (b"Content-Type: application/json\r\n", [b"data: [DONE]\n\n"], Ending.CLIENT_LEFT),
    "no type": (b"", [b"data: [DONE]\n\n"], Ending.CLIENT_LEFT),
    "a type that only begins so": (
        b"Content-Type: text/event-streams\r\n",
        [b"data: [DONE]\n\n"],
        Ending.CLIENT_LEFT,
    ),
    "a field of an unfinished event behind it": (SSE, [LAST, b"data: more\n"], Ending.CLIENT_LEFT),
    "bytes of an unfinished line behind it": (SSE, [LAST, b"da"], Ending.CLIENT_LEFT),
    "one byte behind it": (SSE, [LAST, b"d"], Ending.CLIENT_LEFT),
    "an unfinished event in the same read": (SSE, [LAST + b"data: m"], Ending.CLIENT_LEFT),
    "an event without a listener's data behind it": (SSE, [LAST, b"event: more\n"], Ending.CLIENT_LEFT),
    "gzip": (SSE + b"Content-Encoding: gzip\r\n", [LAST], Ending.CLIENT_LEFT),
    "br in lower case": (SSE + b"content-encoding: br\r\n", [LAST], Ending.CLIENT_LEFT),
    "a coding nobody knows": (SSE + b"Content-Encoding: x\r\n", [LAST], Ending.CLIENT_LEFT),
}


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
@pytest.mark.parametrize(("fields", "pieces", "ending"), HAD.values(), ids=HAD.keys())
async def test_what_a_client_that_left_has_had_is_told_by_the_type_and_the_last_bytes(
    fields: bytes, pieces: list[bytes], ending: Ending, framing: Framing, tmp_path: Path
) -> None:
    turns, gone = Turns(), Turns()
    pieces = [*EVENTS, *pieces]

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(framing, 0).replace(SSE, fields))
        for piece in pieces:
            await peer.send(framed(framing, piece))
            await turns.wait()
        await peer.rest()
        gone.give()

    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(request())
            await read_in_lockstep(peer, Response(request()), pieces, turns)
            peer.close()
            await gone.wait()
        await eventually(lambda: not any(map(is_being_written, tmp_path.iterdir())))
        cassette = only_cassette(tmp_path)
    assert cassette.ending is ending
    assert cassette.end is not None
    assert cassette.end.client_left == (ending is Ending.CLEAN)
    assert cassette.body == b"".join(pieces)
