"""Who is to be called when: one heap of due times and one timer for all streams."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable

from sseproxy.clock import Clock
from sseproxy.mock.timer import Timer, timer

log = logging.getLogger("sseproxy.mock")

Callback = Callable[[], int | None]
"""Gives when it is to be called again, if it is: microseconds on the clock, later than now."""

LONG = 1_000
"""Microseconds. In a wait that is longer a processor may fall asleep so deeply that it comes back late."""
LEAD = 150
"""Microseconds before the end of a long wait at which it is woken; the rest is waited for once more. That
takes the median error of a lone event from 100 µs to 30, for two more system calls."""
LONGEST_WAIT = 24 * 3_600 * 1_000_000
"""Microseconds. Timers take no more than so many years; an alarm that rings in vain sets its timer again."""


class Alarm:
    """Calls each callback at its due time, the earliest first, equal ones in the order they were set."""

    def __init__(self, clock: Clock, make_timer: Callable[[Callable[[], None]], Timer] = timer) -> None:
        self._clock = clock
        self._timer = make_timer(self._ring)
        self._calls: list[tuple[int, int, Callback]] = []
        self._count = 0
        self._rings_at: int | None = None
        self._ringing = False
        self._closed = False

    def set(self, due: int, callback: Callback) -> None:
        """`due`: microseconds on the clock. What is due already is called when the loop has had its turn."""
        if self._closed:
            return
        self._count += 1
        heapq.heappush(self._calls, (due, self._count, callback))
        if not self._ringing:
            self._start()

    def catch_up(self) -> None:
        """Calls those whose time has come, in the midst of work that has the event loop to itself."""
        if self._calls and self._calls[0][0] <= self._clock.now():
            self._ring()

    def close(self) -> None:
        """Calls nobody any more."""
        self._closed = True
        self._calls.clear()
        self._timer.close()

    def _start(self) -> None:
        if not self._calls or self._calls[0][0] == self._rings_at:
            return
        self._rings_at = self._calls[0][0]
        wait = self._rings_at - self._clock.now()
        self._timer.start(min(wait - LEAD if wait > LONG else wait, LONGEST_WAIT))

    def _ring(self) -> None:
        self._rings_at = None
        self._ringing = True
        # What comes due meanwhile waits for the next ring: sockets have a turn between.
        now = self._clock.now()
        while self._calls and self._calls[0][0] <= now:
            _, _, callback = heapq.heappop(self._calls)
            try:
                again = callback()
            except Exception:
                log.exception("a fault of sseproxy in one stream; the others go on")
            else:
                if again is not None:
                    self.set(again, callback)
        self._ringing = False
        self._start()
