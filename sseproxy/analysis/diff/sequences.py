"""What two sequences have in common, in order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

Pair = tuple[int, int]
"""A place in the one sequence and its place in the other."""

_FARTHEST = 1_000
"""Insertions and deletions: time and memory go with their square, and past so many no order is left."""


def paired(was: Sequence[str], now: Sequence[str]) -> list[Pair]:
    """Pairs of equal items, each as often as both have it: the longest common order, then what moved."""
    pairs = common(was, now)
    ours, theirs = {a for a, _ in pairs}, {b for _, b in pairs}
    places: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(now):
        if place not in theirs:
            places[item].append(place)
    turns: Counter[str] = Counter()
    for place, item in enumerate(was):
        if place not in ours and turns[item] < len(places[item]):
            pairs.append((place, places[item][turns[item]]))
            turns[item] += 1
    return sorted(pairs)


def common(was: Sequence[str], now: Sequence[str]) -> list[Pair]:
    """A longest common subsequence, by the algorithm of Myers (1986): fast where little differs.

    Nothing where more than a thousand insertions and deletions lie between them.
    """
    trace: list[dict[int, int]] = []
    reached = {1: 0}  # by diagonal (a - b): how far in `was` the best path with so many edits has come
    for edits in range(min(len(was) + len(now), _FARTHEST) + 1):
        trace.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1])
            a = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            b = a - diagonal
            while a < len(was) and b < len(now) and was[a] == now[b]:
                a, b = a + 1, b + 1
            reached[diagonal] = a
            if a >= len(was) and b >= len(now):
                return _walked_back(trace, len(was), len(now))
    return []


def _walked_back(trace: list[dict[int, int]], a: int, b: int) -> list[Pair]:
    pairs: list[Pair] = []
    for edits in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[edits], a - b
        down = diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        from_a = reached[before] if edits else 0
        from_b = from_a - before if edits else 0
        while a > from_a and b > from_b:
            a, b = a - 1, b - 1
            pairs.append((a, b))
        a, b = from_a, from_b
    return pairs[::-1]


def moved(pairs: Sequence[Pair]) -> list[Pair]:
    """The fewest pairs that must move for all to stand in one order: those outside the longest rising
    sequence. `pairs` are in the order of their first places.
    """
    tails: list[int] = []  # the least second place with which a rising sequence of each length can end
    at: list[int] = []  # which pair that is
    before: list[int | None] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(tails, place)
        tails[length : length + 1] = [place]
        at[length : length + 1] = [index]
        before.append(at[length - 1] if length else None)
    stay = set()
    last = at[-1] if at else None
    while last is not None:
        stay.add(last)
        last = before[last]
    return [pair for index, pair in enumerate(pairs) if index not in stay]
