"""Whose turn it is when a request comes again: the one state that a replay has."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol


class Turns(Protocol):
    """Counts requests. An implementation may ask another process: what it gets and gives is plain."""

    def take(self, key: bytes, scope: str) -> int:
        """How often the answers of `key` have been taken in this scope before: 0, 1, 2, …"""


class LocalTurns:
    """Counts in this process."""

    def __init__(self) -> None:
        self._taken: dict[tuple[bytes, str], int] = defaultdict(int)

    def take(self, key: bytes, scope: str) -> int:
        turn = self._taken[key, scope]
        self._taken[key, scope] += 1
        return turn
