"""Time, in whole microseconds, injected everywhere it is needed."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the edges ask for the time. Tests bring their own."""

    def now(self) -> int:
        """Microseconds on a clock that never goes back; only differences mean anything."""

    def wall(self) -> datetime:
        """The date and time in UTC: an anchor for people, never used for differences."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        return time.monotonic_ns() // 1_000

    def wall(self) -> datetime:
        return datetime.now(UTC)
