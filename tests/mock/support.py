"""Time and timers that a test moves by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sseproxy.mock.alarm import Alarm, Callback


class HandClock:
    """Stands still till a test moves it."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time

    def wall(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)


class HandTimer:
    """Rings when the test says so."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.starts: list[int] = []
        """How long each start was to wait, in microseconds."""
        self.closed = False

    def start(self, wait: int) -> None:
        assert not self.closed
        self.starts.append(wait)

    def close(self) -> None:
        self.closed = True


class CountingAlarm(Alarm):
    """Knows how often it was set."""

    sets = 0

    def set(self, due: int, callback: Callback) -> None:
        self.sets += 1
        super().set(due, callback)


class Bell:
    """An alarm with its clock and its timer in the hands of a test."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.timers: list[HandTimer] = []
        self.alarm = CountingAlarm(self.clock, self._timer)
        (self.timer,) = self.timers
        self.called: list[str] = []

    def _timer(self, ring: Callable[[], None]) -> HandTimer:
        self.timers.append(HandTimer(ring))
        return self.timers[-1]

    def set(self, due: int, name: str, then: Callable[[], None] = lambda: None) -> None:
        """`then` is done by the callback of this name."""

        def call() -> None:
            self.called.append(name)
            then()

        self.alarm.set(due, call)

    def ring_at(self, time: int) -> list[str]:
        """Whom the timer calls at this time, in order."""
        self.called.clear()
        self.clock.time = time
        self.timer.ring()
        return list(self.called)
