"""Which exchanges are shown on one clock, told by when they were and by nothing else.

That is cheap to know, so that a library is laid out before any of its streams is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

IDLE = 10_000_000
"""Microseconds without an open exchange after which a new scene begins."""
SPAN = 2_000_000
"""Microseconds: a scene is no longer than this, or"""
TIMES_LONGEST = 5
"""this many times its longest exchange, where it can be cut: else no bar can be told from a dot."""


class Span(NamedTuple, Generic[T]):
    """When an exchange was."""

    what: T
    """The exchange, or where it is to be had."""
    place: int
    """Among those that were asked for."""
    wall: str
    session: str
    began: int
    """Microseconds since the session began."""
    duration: int
    """In microseconds; as far as it is known, where it has no end."""
    ended: bool


class Group(NamedTuple, Generic[T]):
    """The exchanges of one scene, in the order in which they began."""

    spans: list[Span[T]]
    idle: int | None
    """Microseconds that nothing was open before it in this session; None for the first of a session."""


def sessions(spans: Iterable[Span[T]]) -> list[list[Group[T]]]:
    """The groups of each session, in order of sessions and times."""
    found: dict[str, list[Span[T]]] = defaultdict(list)
    for span in sorted(spans, key=attrgetter("wall")):
        found[span.session].append(span)
    return [list(_groups(sorted(each, key=attrgetter("began")))) for each in found.values()]


def _groups(spans: Iterable[Span[T]]) -> Iterator[Group[T]]:
    """A session's exchanges, cut where nothing was open."""
    group: list[Span[T]] = []
    idle: int | None = None
    begin = busy_until = longest = 0
    for span in spans:
        at, duration = span.began, span.duration
        most = max(SPAN, TIMES_LONGEST * max(longest, duration))
        if group and at > busy_until and (at - busy_until >= IDLE or at + duration - begin > most):
            yield Group(group, idle)
            group, idle, longest = [], at - busy_until, 0
        if not group:
            begin = at
        group.append(span)
        busy_until = max(busy_until, at + duration)
        longest = max(longest, duration)
    yield Group(group, idle)


def with_relevant(groups: Sequence[Group[T]]) -> Iterator[tuple[Group[T], list[T]]]:
    """Each group of a session, and those that have to be compared before it is told, as they were asked for.

    A stream is taken over by one that begins while it is open, and that one is in its group. Of a stream
    without an end nobody knows how long it was open: then all that follow are compared at once.
    """
    compared = False
    for number, group in enumerate(groups):
        if compared:
            yield group, []
            continue
        compared = not all(span.ended for span in group.spans)
        relevant = [span for each in groups[number : None if compared else number + 1] for span in each.spans]
        yield group, [span.what for span in sorted(relevant, key=attrgetter("place"))]
