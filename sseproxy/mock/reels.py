"""Recordings made ready to be played: what is worked out once for each, and not for each request."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from sseproxy.exchange import Exchange, Framing
from sseproxy.http1 import chunk
from sseproxy.matching import Library
from sseproxy.schedule import Step, schedule

KEPT_BYTES = 64 * 1024 * 1024
"""Of recordings that are ready, about: those that were played last are kept to be played again."""
_OVERHEAD = 300  # bytes for a step beside its data


class Reel(NamedTuple):
    steps: tuple[Step, ...]
    dues: tuple[int, ...]
    """Of the steps, by themselves: they are asked for at each event."""
    framed: tuple[bytes, ...]
    """What each step writes of the body, in the framing that was recorded: as a chunk, or as it is."""
    plain: tuple[bytes, ...]
    """The same without chunks."""


def _size(exchange: Exchange, ready: Reel) -> int:
    """Bytes of memory, about."""
    asked = len(exchange.request.body) if exchange.request else 0
    return asked + 2 * sum(map(len, ready.framed)) + _OVERHEAD * len(ready.steps)


def reel(exchange: Exchange, speed: float = 1.0) -> Reel:
    """`speed` as for `schedule`."""
    steps = schedule(exchange, speed)
    chunked = exchange.response is not None and exchange.response.framing is Framing.CHUNKED
    plain = tuple(step.action if isinstance(step.action, bytes) else b"" for step in steps)
    framed = tuple(chunk(body) if body else body for body in plain) if chunked else plain
    return Reel(steps, tuple(step.due for step in steps), framed, plain)


class Reels:
    """A library's recordings, those ready that were played last. Threads may share it."""

    def __init__(self, library: Library, speed: float) -> None:
        self._library = library
        self._speed = speed
        self._kept: OrderedDict[int, tuple[Exchange, Reel]] = OrderedDict()
        self._size = 0
        self._keeping = threading.Lock()

    def kept(self, number: int) -> tuple[Exchange, Reel] | None:
        """What is ready of this recording."""
        with self._keeping:
            if number in self._kept:
                self._kept.move_to_end(number)
            return self._kept.get(number)

    def make(self, number: int) -> tuple[Exchange, Reel]:
        """Reads the recording and makes it ready, which may take a while. Raises CassetteError."""
        exchange = self._library.exchange(number)
        made = exchange, reel(exchange, self._speed)
        with self._keeping:
            if number not in self._kept:
                self._kept[number] = made
                self._size += _size(*made)
            while self._size > KEPT_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size -= _size(*dropped)
        return made
