"""How late a replay wrote what was due, over any number of events in little room."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from statistics import median

ENDS = 16
"""How many events at each end of a stream tell its drift."""
BATCH = 64
"""How many events of a stream are counted at once."""


class Lateness:
    """A distribution of times in microseconds, each kept to two digits: 5 % off at worst."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.total = 0
        """Microseconds, exact."""
        self.worst = 0
        """Microseconds, exact."""

    def add(self, times: Sequence[int]) -> None:
        self._counts.update(map(_two_digits, times))
        self.count += len(times)
        self.total += sum(times)
        self.worst = max([self.worst, *times])

    def merge(self, other: Lateness) -> None:
        self._counts.update(other._counts)
        self.count += other.count
        self.total += other.total
        self.worst = max(self.worst, other.worst)

    def percentile(self, share: float) -> int:
        """The smallest time that at least this share does not exceed; 0 of none."""
        rank = max(1, math.ceil(share * self.count))
        for late, below in self._cumulated():
            if below >= rank:
                return min(late, self.worst)
        return 0

    def up_to(self, limit: int) -> int:
        """How many are at most this late."""
        return max((below for late, below in self._cumulated() if late <= limit), default=0)

    def _cumulated(self) -> Iterator[tuple[int, int]]:
        below = 0
        for late in sorted(self._counts):
            below += self._counts[late]
            yield late, below


@lru_cache(maxsize=10_000)  # it is asked for each event that is played
def _two_digits(late: int) -> int:
    """Rounded to the nearest number with two significant digits."""
    unit = 1
    while late >= 100 * unit:
        unit *= 10
    return (late + unit // 2) // unit * unit


class Punctuality:
    """One stream: how late each of its events was written, and whether that grew.

    Events are counted some at a time: to find its place for each as it is played would take longer than
    to play it.
    """

    def __init__(self) -> None:
        self._counted = Lateness()
        self._first: list[int] = []
        self._last: list[int] = []
        self._new: list[int] = []

    def add(self, late: int) -> None:
        """Microseconds that the next event was late."""
        self._new.append(late)
        if len(self._new) == BATCH:
            self._count()

    def _count(self) -> None:
        if self._new:
            self._counted.add(self._new)
            self._first += self._new[: ENDS - len(self._first)]
            self._last = (self._last + self._new)[-ENDS:]
            self._new.clear()

    @property
    def lateness(self) -> Lateness:
        self._count()
        return self._counted

    @property
    def drift(self) -> int:
        """Microseconds by which the end of the stream was later than its beginning."""
        self._count()
        if not self._first:
            return 0
        return round(median(self._last) - median(self._first))


def punctuality(lateness: Iterable[int]) -> Punctuality:
    """Of one stream whose events were this late, in order."""
    told = Punctuality()
    for late in lateness:
        told.add(late)
    return told
