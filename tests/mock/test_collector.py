"""When garbage is collected: not while streams play, unless there is too much of it."""

from __future__ import annotations

import gc
import weakref

import pytest

from sseproxy.mock import Collector, collector
from tests.support.net import eventually


class Garbage:
    """A cycle that nobody holds."""

    def __init__(self) -> None:
        self.itself = self


def dropped() -> weakref.ref[Garbage]:
    return weakref.ref(Garbage())


@pytest.fixture(autouse=True)
def always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "INTERVAL", 0.0)
    monkeypatch.setattr(collector, "WORTH_IT", -1)


async def test_garbage_goes_when_nothing_plays() -> None:
    mine = Collector(lambda: 0)
    garbage = dropped()
    await eventually(lambda: garbage() is None)
    mine.close()
    assert gc.isenabled()


async def test_garbage_stays_while_a_stream_plays() -> None:
    looks = []
    mine = Collector(lambda: looks.append(1) or 1)  # type: ignore[func-returns-value]
    garbage = dropped()
    await eventually(lambda: len(looks) == 3)
    assert garbage() is not None
    assert not gc.isenabled()
    mine.close()


async def test_too_much_garbage_goes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "TOO_MANY", -1)
    mine = Collector(lambda: 1)
    garbage = dropped()
    await eventually(lambda: garbage() is None)
    mine.close()
