"""Garbage collection, kept out of the way of streams."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

INTERVAL = 1.0
"""Seconds between two looks at how much there is to collect."""
WORTH_IT = 5_000
"""Objects more than after the last collection that make one worth it when nothing plays."""
TOO_MANY = 200_000
"""And that make it necessary all the same: 8,000 connections that have been closed."""


class Collector:
    """Takes the place of Python's own collections, which come in mid-stream: of a thousand streams one takes
    20 ms, and all others are late by it. Nearly all garbage goes without.
    """

    def __init__(self, streams: Callable[[], int]) -> None:
        """`streams`: how many are playing. What exists by now is taken to live for ever."""
        self._streams = streams
        self._timer: asyncio.TimerHandle | None = None
        gc.collect()
        gc.freeze()
        gc.disable()
        self._look_later()

    def close(self) -> None:
        """Leaves it to Python again."""
        if self._timer:
            self._timer.cancel()
        gc.unfreeze()
        gc.enable()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)

    def _look(self) -> None:
        more = gc.get_count()[0]
        if more > TOO_MANY or (more > WORTH_IT and not self._streams()):
            gc.collect()
        self._look_later()
