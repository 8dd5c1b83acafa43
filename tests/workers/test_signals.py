"""How a recorder with workers ends: told to, in a hurry, or without its parent."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import Ending
from tests.e2e.streams import EVENTS
from tests.faults.support import parts, recordings
from tests.support.net import Peer, eventually, finish
from tests.support.wire import Response

from .support import all_gone, workers
from .test_record import BODY, Stage, pytestmark, stage

__all__ = ["pytestmark"]

SIGNALS = {signal.SIGTERM: 0, signal.SIGINT: 130}
FOR_EVER = "3600"
SEVERAL = 6

every_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


@contextlib.asynccontextmanager
async def streaming(
    folder: Path, *arguments: str
) -> AsyncIterator[tuple[Stage, list[tuple[Peer, Response]]]]:
    """A recorder with some streams that have begun."""
    async with stage(folder, *arguments) as on, contextlib.AsyncExitStack() as stack:
        yield on, [await on.begun(stack) for _ in range(SEVERAL)]


def go_on(on: Stage) -> None:
    for _ in range(SEVERAL):
        on.turns.give()


async def ends(streams: list[tuple[Peer, Response]]) -> list[str]:
    """The clients' side of how the streams ended."""
    return [(await finish(*each)).fate for each in streams]


async def heard(on: Stage) -> None:
    """Returns when a worker has said that it stops."""
    await eventually(lambda: any("may go on for" in line for line in on.recorder.said))


def endings(folder: Path) -> list[Ending]:
    return [load(path).ending for path in recordings(folder)]


@every_signal
async def test_streams_may_end_within_their_grace(number: signal.Signals, tmp_path: Path) -> None:
    async with streaming(tmp_path, "--grace", FOR_EVER) as (on, streams):
        of_it = workers(on.recorder)
        on.recorder.process.send_signal(number)
        await heard(on)
        go_on(on)
        assert await ends(streams) == SEVERAL * ["whole"]
        assert await on.recorder.ended() == SIGNALS[number]
        await all_gone(of_it)
    assert endings(tmp_path) == SEVERAL * [Ending.CLEAN]


@every_signal
async def test_streams_that_outlive_their_grace_are_broken_off(
    number: signal.Signals, tmp_path: Path
) -> None:
    async with streaming(tmp_path, "--grace", "0.2") as (on, streams):
        on.recorder.process.send_signal(number)
        assert await ends(streams) == SEVERAL * ["cut"]
        assert await on.recorder.ended() == SIGNALS[number]
    assert endings(tmp_path) == SEVERAL * [Ending.PROXY_STOPPED]
    assert parts(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "parent_last"),
    [(signal.SIGTERM, True), (signal.SIGTERM, False), (signal.SIGINT, True)],
    ids=["SIGTERM, the parent last", "SIGTERM, the parent first", "SIGINT"],
)
async def test_a_signal_to_all_processes_is_one_signal(
    number: signal.Signals, parent_last: bool, tmp_path: Path
) -> None:
    """Ctrl-C goes to the whole group, and service managers signal each process of a service."""
    async with streaming(tmp_path, "--grace", FOR_EVER) as (on, streams):
        of_it = workers(on.recorder)
        parent = on.recorder.process.pid
        for pid in [*of_it, parent] if parent_last else [parent, *of_it]:
            os.kill(pid, number)
        await heard(on)
        go_on(on)
        assert await ends(streams) == SEVERAL * ["whole"]
        assert await on.recorder.ended() == SIGNALS[number]
    assert endings(tmp_path) == SEVERAL * [Ending.CLEAN]
    assert [line for line in on.recorder.said if "error" in line] == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
async def test_a_second_signal_ends_all_at_once(number: signal.Signals, status: int, tmp_path: Path) -> None:
    async with streaming(tmp_path, "--grace", FOR_EVER) as (on, streams):
        of_it = workers(on.recorder)
        on.recorder.process.send_signal(number)
        await heard(on)
        assert await on.recorder.stop(number) == status
        await all_gone(of_it)
        assert "whole" not in await ends(streams)
    assert endings(tmp_path) == SEVERAL * [Ending.INCOMPLETE]
    assert {load(path).body for path in recordings(tmp_path)} == {EVENTS[0]}


async def test_workers_whose_parent_is_killed_stop_by_themselves(tmp_path: Path) -> None:
    async with streaming(tmp_path, "--grace", FOR_EVER) as (on, streams):
        orphans = workers(on.recorder)
        on.recorder.process.kill()
        await heard(on)
        go_on(on)
        assert await ends(streams) == SEVERAL * ["whole"]
        await all_gone(orphans)
    assert endings(tmp_path) == SEVERAL * [Ending.CLEAN]
    assert {load(path).body for path in recordings(tmp_path)} == {BODY}
    assert not any("Traceback" in line for line in on.recorder.said)


async def test_orphans_give_their_streams_no_more_than_the_grace(tmp_path: Path) -> None:
    async with streaming(tmp_path, "--grace", "0") as (on, streams):
        orphans = workers(on.recorder)
        on.recorder.process.kill()
        assert await ends(streams) == SEVERAL * ["cut"]
        await all_gone(orphans)
    assert endings(tmp_path) == SEVERAL * [Ending.PROXY_STOPPED]
    assert parts(tmp_path) == []


async def test_without_a_worker_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    async with streaming(tmp_path, "--grace", FOR_EVER) as (on, streams):
        for worker in workers(on.recorder):
            os.kill(worker, signal.SIGKILL)
        assert await on.recorder.ended() == 1
        assert "whole" not in await ends(streams)
    assert endings(tmp_path) == SEVERAL * [Ending.INCOMPLETE]
    assert len([line for line in on.recorder.said if "a worker has died" in line]) == 2
