"""Signals: what becomes of the streams that are open, and the exit status."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import Ending, Exchange, Framing
from tests.e2e.streams import EVENTS, LAST_CHUNK, framed, head, request
from tests.faults.support import MIB, Program, get, parts, program, recordings, until, until_it_stands
from tests.support.net import Peer, Turns, client, finish, only_cassette, upstream
from tests.support.process import run
from tests.support.wire import Response

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

SIGNALS = {signal.SIGTERM: 0, signal.SIGINT: 130, signal.SIGHUP: 0}
"""And the exit status of a command that one of them stopped."""
FOR_EVER = "3600"
BODY = b"".join(EVENTS)

every_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


class Stage:
    """A recorder, and an upstream whose streams stop behind the first event until they get a turn."""

    def __init__(self, recorder: Program) -> None:
        self.recorder = recorder
        self.turns = Turns()

    async def script(self, peer: Peer) -> None:
        asked = await peer.request()
        if b"/empty" in asked:
            await peer.send(head(Framing.LENGTH, 0))
            await peer.rest()
        elif b"/flood" in asked:
            await peer.send(head(Framing.CHUNKED, 0))
            with contextlib.suppress(ConnectionError):
                while True:
                    await peer.send(framed(Framing.CHUNKED, EVENTS[0] * 1000))
        else:
            await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]))
            await self.turns.wait()
            await peer.send(framed(Framing.CHUNKED, EVENTS[1]) + LAST_CHUNK)


@contextlib.asynccontextmanager
async def stage(folder: Path, *arguments: str) -> AsyncIterator[Stage]:
    async def script(peer: Peer) -> None:
        await made.script(peer)

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", folder, *arguments) as recorder,
    ):
        made = Stage(recorder)
        yield made


@contextlib.asynccontextmanager
async def streaming(stage: Stage) -> AsyncIterator[tuple[Peer, Response]]:
    """A client that has the first event."""
    got = Response(request())
    async with client(stage.recorder.url) as peer:
        await peer.send(request())
        while got.body != EVENTS[0]:
            data = await peer.read()
            assert data, "the response ended too early"
            got.feed(data)
        yield peer, got


async def is_deaf(url: str) -> bool:
    """Whether nobody listens any more."""
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except ConnectionError:
        return True
    writer.transport.abort()
    return False


async def heard(started: Program, number: signal.Signals) -> None:
    """Sends a signal, and returns when it has been taken in."""
    started.process.send_signal(number)
    while not await is_deaf(started.url):
        pass


@every_signal
async def test_a_stream_may_finish_within_its_grace(number: signal.Signals, tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", FOR_EVER) as on:
        async with streaming(on) as (peer, got):
            await heard(on.recorder, number)
            on.turns.give()
            await finish(peer, got)
        assert await on.recorder.ended() == SIGNALS[number]
    assert (got.body, got.fate) == (BODY, "whole")
    assert only_cassette(tmp_path).ending is Ending.CLEAN
    assert only_cassette(tmp_path).body == BODY


@pytest.mark.parametrize("grace", ["0", "0.2"])
@every_signal
async def test_a_stream_that_outlives_its_grace_is_broken_off(
    number: signal.Signals, grace: str, tmp_path: Path
) -> None:
    async with stage(tmp_path, "--grace", grace) as on:
        async with streaming(on) as (peer, got):
            on.recorder.process.send_signal(number)
            await finish(peer, got)
        assert await on.recorder.ended() == SIGNALS[number]
    assert (got.body, got.fate) == (EVENTS[0], "cut")
    assert only_cassette(tmp_path).ending is Ending.PROXY_STOPPED
    assert only_cassette(tmp_path).body == EVENTS[0]
    assert parts(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
async def test_a_second_signal_ends_it_at_once(number: signal.Signals, status: int, tmp_path: Path) -> None:
    """What is open then is as a recorder that died leaves it."""
    async with stage(tmp_path, "--grace", FOR_EVER) as on, streaming(on) as (peer, got):
        await heard(on.recorder, signal.SIGTERM)
        assert await on.recorder.stop(number) == status
        await finish(peer, got)
        assert got.body == EVENTS[0]
        assert got.fate != "whole"
    assert only_cassette(tmp_path).ending is Ending.INCOMPLETE
    assert only_cassette(tmp_path).body == EVENTS[0]
    assert len(parts(tmp_path)) == 1


async def test_a_terminal_that_closes_may_say_so_twice(tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", FOR_EVER) as on:
        async with streaming(on) as (peer, got):
            await heard(on.recorder, signal.SIGHUP)
            on.recorder.process.send_signal(signal.SIGHUP)
            await on.recorder.turn()
            on.turns.give()
            await finish(peer, got)
        assert await on.recorder.ended() == 0
    assert (got.body, got.fate) == (BODY, "whole")
    assert only_cassette(tmp_path).ending is Ending.CLEAN


async def test_connections_without_a_stream_do_not_delay_the_stop(tmp_path: Path) -> None:
    """One between two requests, one that never asked, one in the middle of its head, one refused."""
    async with stage(tmp_path, "--grace", FOR_EVER) as on, contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(client(on.recorder.url)) for _ in range(4)]
        idle, _, begun, refused = peers
        await idle.send(get("/empty", stay=True))
        assert b" 200 OK" in await idle.until(b"\r\n\r\n")
        await begun.send(b"GET /never HTTP/1.1\r\nHost: rec")
        await refused.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b" 400 " in await refused.until(b"\r\n\r\n")
        assert await on.recorder.stop() == 0
        for peer in peers:
            await peer.rest()
    assert [load(path).ending for path in recordings(tmp_path)] == [Ending.CLEAN]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_client_that_does_not_read_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", "0") as on:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((urlsplit(on.recorder.url).hostname, urlsplit(on.recorder.url).port))
            sock.sendall(get("/flood"))

            def recorded() -> int:
                return sum(path.stat().st_size for path in recordings(tmp_path))

            await until(lambda: recorded() > 0, on.recorder.turn)
            await until_it_stands(recorded, on.recorder.turn)
            assert await on.recorder.stop() == 0
    assert only_cassette(tmp_path).ending is Ending.PROXY_STOPPED
    assert len(only_cassette(tmp_path).body) < 64 * MIB


async def test_a_stream_without_a_client_is_stopped_as_others_are(tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", "0", "--on-client-close", "drain") as on:
        async with streaming(on):
            pass
        await on.recorder.turn()
        assert await on.recorder.stop() == 0
    assert only_cassette(tmp_path).ending is Ending.PROXY_STOPPED
    assert parts(tmp_path) == []


async def test_many_streams_are_stopped_together_and_each_has_its_ending(tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", "0.2") as on, contextlib.AsyncExitStack() as stack:
        open_ = [await stack.enter_async_context(streaming(on)) for _ in range(50)]
        on.recorder.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*[finish(*each) for each in open_])
        assert await on.recorder.ended() == 0
        assert [got.fate for _, got in open_] == 50 * ["cut"]
    assert [load(path).ending for path in recordings(tmp_path)] == 50 * [Ending.PROXY_STOPPED]
    assert parts(tmp_path) == []


@pytest.fixture
async def slow_cassette(tmp_path: Path) -> Exchange:
    """Its second event comes an hour after the first."""
    async with stage(tmp_path / "made") as on, streaming(on) as (peer, got):
        on.turns.give()
        await finish(peer, got)
    (path,) = recordings(tmp_path / "made")
    *before, last, end = path.read_text(encoding="utf-8").splitlines()
    late = [line.replace('"t":', '"t":3600') for line in (last, end)]
    (tmp_path / "slow.sse.jsonl").write_text("\n".join([*before, *late, ""]), encoding="utf-8")
    return load(tmp_path / "slow.sse.jsonl")


@every_signal
async def test_a_replay_in_mid_stream_stops_too_and_breaks_it_off(
    number: signal.Signals, slow_cassette: Exchange, tmp_path: Path
) -> None:
    assert slow_cassette.body == BODY
    async with program("replay", "--cassettes", tmp_path / "slow.sse.jsonl") as mock:
        async with streaming(Stage(mock)) as (peer, got):
            mock.process.send_signal(number)
            await finish(peer, got)
        assert await mock.ended() == SIGNALS[number]
    assert (got.body, got.fate) == (EVENTS[0], "cut")
    assert not any("Traceback" in line for line in mock.said)


async def test_a_recorder_without_a_request_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    async with program("record", "--upstream", "http://127.0.0.1:1", "--cassettes", folder) as recorder:
        assert await recorder.stop() == 0
        assert recorder.said == []
    assert recordings(folder) == []


async def test_a_port_that_is_taken_is_trouble_and_not_a_stop(tmp_path: Path) -> None:
    async with program("record", "--upstream", "http://127.0.0.1:1", "--cassettes", tmp_path) as recorder:
        port = str(urlsplit(recorder.url).port)
        result = await run("record", "--upstream", "http://127.0.0.1:1", "--port", port)
    assert result.status == 2
    assert b"is in use" in result.err
    assert b"Traceback" not in result.err
