"""Timers of the real kernel: that they ring, and not early. How late is not for a test to say."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sseproxy.clock import SystemClock
from sseproxy.mock.timer import FileTimer, LoopTimer, Timer, timer
from tests.support.net import PATIENCE

linux = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
KINDS = [pytest.param(FileTimer, marks=linux), LoopTimer]

EARLY = {FileTimer: 0, LoopTimer: 1_000}
"""Microseconds: uvloop counts whole milliseconds, asyncio's times are floats. An alarm starts it again."""
WAITS = [-1_000_000, 0, 1, 999, 1_000, 1_001, 20_000]
"""Microseconds."""


class Rung:
    """A timer, and the times when it rang."""

    def __init__(self, kind: Callable[[Callable[[], None]], Timer]) -> None:
        self.clock = SystemClock()
        self.times: list[int] = []
        self._ringing = asyncio.Event()
        self.timer = kind(self._ring)

    def _ring(self) -> None:
        self.times.append(self.clock.now())
        self._ringing.set()

    async def wait(self) -> int:
        """When it rang next."""
        async with asyncio.timeout(PATIENCE):
            await self._ringing.wait()
        self._ringing.clear()
        return self.times[-1]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("kind", KINDS)
async def test_it_rings_once_and_not_early(kind: type[Timer], wait: int) -> None:
    rung = Rung(kind)
    due = rung.clock.now() + wait
    rung.timer.start(wait)
    assert rung.times == []
    assert await rung.wait() >= due - EARLY[kind]
    later = Rung(kind)
    later.timer.start(5_000)
    await later.wait()
    assert len(rung.times) == 1
    rung.timer.close()
    later.timer.close()


@pytest.mark.parametrize(("first", "then"), [(3_600 * 10**6, 1_000), (1_000, 30_000), (0, 0)])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_later_start_takes_the_place_of_the_one_before(
    kind: type[Timer], first: int, then: int
) -> None:
    rung = Rung(kind)
    rung.timer.start(first)
    due = rung.clock.now() + then
    rung.timer.start(then)
    assert await rung.wait() >= due - EARLY[kind]
    assert len(rung.times) == 1
    rung.timer.close()


@linux
async def test_a_start_in_time_undoes_a_ring_that_the_loop_has_not_heard_of() -> None:
    rung = Rung(FileTimer)
    rung.timer.start(1)
    due = rung.clock.now() + 20_000
    while rung.clock.now() < due:
        pass
    due = rung.clock.now() + 20_000
    rung.timer.start(20_000)
    assert await rung.wait() >= due
    assert len(rung.times) == 1
    rung.timer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_it_can_be_started_again_and_again(kind: type[Timer]) -> None:
    rung = Rung(kind)
    for _ in range(20):
        rung.timer.start(100)
        await rung.wait()
    assert len(rung.times) == 20
    rung.timer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_it_rings_no_more_once_it_is_closed(kind: type[Timer]) -> None:
    rung = Rung(kind)
    rung.timer.start(1)
    other = Rung(kind)
    other.timer.start(20_000)
    rung.timer.close()
    rung.timer.close()
    await other.wait()
    assert rung.times == []
    other.timer.close()


def open_files() -> set[int]:
    numbers = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    return {
        number for number in numbers if os.path.lexists(f"/proc/self/fd/{number}")
    }  # not the listing's own


@linux
async def test_closing_gives_the_descriptor_back() -> None:
    before = open_files()
    made = [FileTimer(lambda: None) for _ in range(5)]
    assert len(open_files() - before) == 5
    for each in made:
        each.close()
    assert open_files() == before


@linux
async def test_a_descriptor_is_not_passed_on_to_programs() -> None:
    before = open_files()
    made = FileTimer(lambda: None)
    (descriptor,) = open_files() - before
    assert not os.get_inheritable(descriptor)
    made.close()


@linux
async def test_where_no_descriptor_is_left_the_loop_has_to_do() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        rung = Rung(timer)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert isinstance(rung.timer, LoopTimer)
    rung.timer.start(100)
    await rung.wait()


@linux
async def test_the_most_precise_one_is_taken() -> None:
    made = timer(lambda: None)
    assert isinstance(made, FileTimer)
    made.close()
