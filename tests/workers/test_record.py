"""`record --workers`: several processes are one recorder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import Ending, Framing
from tests.e2e.streams import EVENTS, LAST_CHUNK, framed, head, request
from tests.faults.support import Program, get, program, recordings
from tests.support.net import Peer, Turns, client, fetch, finish, upstream
from tests.support.wire import Response

from .support import workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MANY = 30
"""Connections of which each of two workers gets some, but for once in a billion times."""
BODY = b"".join(EVENTS)


class Stage:
    """A recorder with two workers; an upstream whose streams wait behind the first event, save for /whole."""

    def __init__(self, recorder: Program) -> None:
        self.recorder = recorder
        self.turns = Turns()

    async def script(self, peer: Peer) -> None:
        asked = await peer.request()
        await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]))
        if b" /whole " not in asked:
            await self.turns.wait()
        await peer.send(framed(Framing.CHUNKED, EVENTS[1]) + LAST_CHUNK)

    async def begun(self, stack: contextlib.AsyncExitStack) -> tuple[Peer, Response]:
        """A client that has the first event, or a whole answer of another kind."""
        peer, got = await stack.enter_async_context(client(self.recorder.url)), Response(request())
        await peer.send(request())
        while got.body != EVENTS[0] and not got.complete:
            data = await peer.read()
            assert data, "the response ended too early"
            got.feed(data)
        return peer, got


@contextlib.asynccontextmanager
async def stage(folder: Path, *arguments: str) -> AsyncIterator[Stage]:
    async def script(peer: Peer) -> None:
        await made.script(peer)

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", folder, "--workers", "2", *arguments) as recorder,
    ):
        made = Stage(recorder)
        yield made


async def test_all_is_recorded_in_one_session_and_counted_on_one_page(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        got = await asyncio.gather(*[fetch(on.recorder.url, get("/whole")) for _ in range(MANY)])
        figures = await on.recorder.figures()
        assert await on.recorder.stop() == 0
    assert [(each.body, each.fate) for each in got] == MANY * [(BODY, "whole")]
    recorded = [load(path) for path in recordings(tmp_path)]
    assert [(each.body, each.ending) for each in recorded] == MANY * [(BODY, Ending.CLEAN)]
    assert len({each.head.session for each in recorded}) == 1
    assert len({each.head.id for each in recorded}) == MANY
    assert figures["sseproxy_exchanges_total{clean}"] == MANY
    assert figures["sseproxy_exchange_seconds_count"] == MANY
    assert figures["sseproxy_exchange_seconds_bucket{+Inf}"] == MANY
    assert (figures["sseproxy_open_streams"], figures["sseproxy_lost_recordings"]) == (0, 0)


async def test_open_streams_of_all_workers_are_added_up(tmp_path: Path) -> None:
    async with stage(tmp_path, "--grace", "0") as on, contextlib.AsyncExitStack() as stack:
        for _ in range(MANY):
            await on.begun(stack)
        assert (await on.recorder.figures())["sseproxy_open_streams"] == MANY


async def test_a_worker_that_is_killed_takes_its_own_streams_along_and_no_others(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, contextlib.AsyncExitStack() as stack:
        streams = [await on.begun(stack) for _ in range(MANY)]
        victim, survivor = workers(on.recorder)
        os.kill(victim, signal.SIGKILL)
        for _ in range(MANY):
            on.turns.give()
        await asyncio.gather(*[finish(*each) for each in streams])
        fates = Counter(got.fate == "whole" for _, got in streams)
        assert set(fates) == {True, False}
        after = await asyncio.gather(*[fetch(on.recorder.url, get("/whole")) for _ in range(MANY)])
        assert [each.body for each in after] == MANY * [BODY]
        assert workers(on.recorder) == [survivor]
        assert await on.recorder.stop() == 1
    endings = Counter(load(path).ending for path in recordings(tmp_path))
    assert endings == {Ending.CLEAN: fates[True] + MANY, Ending.INCOMPLETE: fates[False]}
    (line,) = [line for line in on.recorder.said if " error: " in line]
    assert line.endswith(f" error: a worker has died, and its streams with it (process {victim})")
    assert not any("Traceback" in line for line in on.recorder.said)


async def test_a_limit_of_open_streams_is_one_for_all(tmp_path: Path) -> None:
    options = ("--grace", "0", "--max-streams", "3")
    async with stage(tmp_path, *options) as on, contextlib.AsyncExitStack() as stack:
        got = [await on.begun(stack) for _ in range(MANY)]
        assert Counter(response.status for _, response in got) == {200: 3, 503: MANY - 3}
        assert (await on.recorder.figures())["sseproxy_open_streams"] == 3


async def test_one_worker_looks_after_what_is_kept(tmp_path: Path) -> None:
    """In a thread of its own, which the other does not have."""

    def threads(worker: int) -> int:
        return len(list(Path(f"/proc/{worker}/task").iterdir()))

    async with stage(tmp_path, "--keep", "3") as on:
        first, second = workers(on.recorder)
        await on.recorder.figures()  # so both have begun
        assert threads(first) == threads(second) + 1
