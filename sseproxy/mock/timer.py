"""A timer of microseconds.

asyncio and uvloop round their own timers up to the millisecond, because epoll does. A timerfd is a
file that becomes readable when its time has come, to within some tens of microseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import os
import sys
from collections.abc import Callable
from typing import Protocol

# timerfd_create(2)
_CLOCK_MONOTONIC = 1
_NONBLOCK = 0o0004000
_CLOEXEC = 0o2000000


class Timer(Protocol):
    """Rings for each `start`, a later one in the place of the one before, and perhaps in vain."""

    def start(self, wait: int) -> None:
        """Rings in `wait` microseconds, and not before the event loop has had its turn."""

    def close(self) -> None:
        """Rings no more."""


class LoopTimer:
    """The event loop's own timer, for where there is nothing better: up to 1 ms late; uvloop's early, too."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None

    def start(self, wait: int) -> None:
        self.close()
        self._handle = self._loop.call_later(wait / 1e6, self._ring)

    def close(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None


class FileTimer:
    """A timerfd that the event loop watches. Raises OSError where the system has none left to give."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._file = _create()
        self._started = False
        self._loop.add_reader(self._file, self._readable)

    def start(self, wait: int) -> None:
        self._started = True
        _set(self._file, max(wait, 1))  # 0 would disarm it

    def close(self) -> None:
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _readable(self) -> None:
        self._started = False
        self._ring()
        if not self._started and self._file >= 0:  # else it is readable no more, and needs no reading
            with contextlib.suppress(BlockingIOError):  # started, and read, since it became readable
                os.read(self._file, 8)


def timer(ring: Callable[[], None]) -> Timer:
    """The most precise timer that there is here; it calls `ring`."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # no descriptor is left
            return FileTimer(ring)
    return LoopTimer(ring)


if sys.version_info >= (3, 13) and sys.platform == "linux":

    def _create() -> int:
        return os.timerfd_create(_CLOCK_MONOTONIC, flags=_NONBLOCK | _CLOEXEC)

    def _set(file: int, wait: int) -> None:
        os.timerfd_settime_ns(file, initial=wait * 1000)

else:

    class _Timespec(ctypes.Structure):
        _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))

    class _Itimerspec(ctypes.Structure):
        _fields_ = (("interval", _Timespec), ("value", _Timespec))

    @functools.cache
    def _libc() -> ctypes.CDLL:
        # PyDLL: to let another thread run for these few microseconds would be to wait for it.
        return ctypes.PyDLL(None, use_errno=True)

    def _create() -> int:
        file: int = _libc().timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK | _CLOEXEC)
        if file < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return file

    def _set(file: int, wait: int) -> None:
        seconds, microseconds = divmod(wait, 1_000_000)
        spec = _Itimerspec(value=_Timespec(seconds, microseconds * 1000))
        _libc().timerfd_settime(file, 0, ctypes.byref(spec), None)
