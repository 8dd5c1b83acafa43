"""The time between events: how it spreads, and where it is a stall."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from sseproxy.analysis.moment import Moment

T = TypeVar("T")

STALL = 1_000_000
"""Microseconds. Nobody calls a shorter silence a stall, however even the rest of the stream was."""
_TIMES_MEDIAN = 10
"""How much longer than the median gap a stall is: a stream that is slow throughout has none."""


class Gap(NamedTuple):
    """A silence, as one who listens hears it: comments end none."""

    before: Moment
    after: Moment
    """The event that came late."""

    @property
    def length(self) -> int:
        """In microseconds; 0 where a hand has made times go back."""
        return max(0, self.after.t - self.before.t)


def lengths(times: Iterable[int]) -> array[int]:
    """Microseconds between these times, 0 where they go back: eight bytes each, however many."""
    return array("q", (max(0, after - before) for before, after in pairwise(times)))


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of the values does not exceed; 0 of none."""
    if not values:
        return 0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


class Histogram:
    """Counts of non-negative whole numbers, in memory that does not grow with how many they are.

    Buckets are exact to 256 and then one in 128 wide, as in HdrHistogram: a percentile is at most 0.8 %
    below the true one.
    """

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.largest = 0
        self.add(values)

    def add(self, values: Iterable[int]) -> None:
        for value in values:
            self.count(value)

    def count(self, value: int) -> None:
        self._counts[_bucket(value)] += 1
        if value > self.largest:
            self.largest = value

    def __len__(self) -> int:
        return self._counts.total()

    def percentile(self, share: float) -> int:
        """The smallest value that at least this share of the values does not exceed; 0 of none."""
        rank = max(1, math.ceil(share * len(self)))
        for bucket in sorted(self._counts):
            rank -= self._counts[bucket]
            if rank <= 0:
                return _lowest(bucket)
        return 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(lowest value of a bucket, count), in order."""
        return ((_lowest(bucket), self._counts[bucket]) for bucket in sorted(self._counts))


class Silences(Generic[T]):
    """Finds stalls while events come, in memory that grows with the long silences alone."""

    def __init__(self) -> None:
        self._gaps = Histogram()
        self._long: list[tuple[T, T, int]] = []
        self.longest: tuple[T, T, int] | None = None
        """The events before and after the first of the longest, and its length in microseconds."""
        self.last: tuple[int, T] | None = None
        """When the latest event came, and what was given with it."""

    def hear(self, t: int, event: T) -> None:
        """An event that a listener hears, at a time in microseconds."""
        if self.last:
            before_t, before = self.last
            length = t - before_t if t > before_t else 0
            self._gaps.count(length)
            if self.longest is None or length > self.longest[2]:
                self.longest = before, event, length
            if length >= STALL:
                self._long.append((before, event, length))
        self.last = t, event

    def stalls(self) -> list[tuple[T, T, int]]:
        """The events before and after each, and its length in microseconds."""
        limit = _TIMES_MEDIAN * self._gaps.percentile(0.5)
        return [each for each in self._long if each[2] >= limit]


def _bucket(value: int) -> int:
    shift = max(0, value.bit_length() - 8)
    return shift << 8 | value >> shift


def _lowest(bucket: int) -> int:
    return (bucket & 0xFF) << (bucket >> 8)
