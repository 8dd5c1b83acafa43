"""Sequences that are made anew each time they are gone through: what is too much to be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, overload

from sseproxy.errors import SseproxyError

T = TypeVar("T")

HELD = 1024 * 1024
"""Bytes of one body that are held with all that is told of them, which takes some thirty times as much.
What is longer is read again for each look at it: that is slower, and memory does not grow with it.
"""


class Again(Sequence[T]):
    """As many items as there were when they were counted, the same each time."""

    def __init__(self, make: Callable[[], Iterator[T]], count: int) -> None:
        self._make = make
        self._count = count
        self._last: list[T] = []  # once it is known

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        """Raises SseproxyError where there are fewer by now."""
        count = 0
        for item in islice(self._make(), self._count):
            count += 1
            if count == self._count:
                self._last = [item]
            yield item
        if count < self._count:
            raise SseproxyError("a cassette was changed while it was read")

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """In time that grows with how far from the front it is; the last is remembered."""
        places = range(self._count)[index]
        if isinstance(places, int):
            if places == self._count - 1 and self._last:
                return self._last[0]
            return next(islice(self, places, None))
        wanted = set(places)
        found = {place: item for place, item in enumerate(self) if place in wanted}
        return [found[place] for place in places]
