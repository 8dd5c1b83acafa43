"""A contract from examples.

The algorithm is CRX: kinds that come in both orders belong together, kinds that always come in one
order form a chain, and kinds of which each takes the other's place are alternatives. Every example fits what
it finds, and few examples are enough. (G. J. Bex, F. Neven, T. Schwentick, S. Vansummeren, Inference of
concise regular expressions and DTDs, ACM TODS 35, 2010.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from sseproxy.contract.pattern import OTHER, is_kind

BEGIN, END = "(begin)", "(end)"
"""The ends of a stream, in edges."""

_Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    contract: str
    streams: int
    edges: dict[tuple[str, str], int]
    """In how many of the streams the second kind came right after the first, most first."""


def learn(examples: Iterable[Sequence[str]]) -> Learned:
    """The contract that these orders of kinds propose; examples without any event are not counted."""
    seen = _Seen()
    for example in examples:
        if example:
            seen.take(example)
    return Learned(
        " ".join(_written(group, seen) for group in _chain(seen)),
        seen.streams,
        dict(sorted(seen.edges.items(), key=lambda item: -item[1])),
    )


class _Seen:
    """What is kept of the examples: counts, so that it does not matter how many there are."""

    def __init__(self) -> None:
        self.streams = 0
        self.edges: Counter[tuple[str, str]] = Counter()
        self.follows: dict[str, set[str]] = {}
        self.counts: Counter[frozenset[tuple[str, int]]] = Counter()
        """How often each kind came, up to 2, in how many streams."""

    def take(self, example: Sequence[str]) -> None:
        self.streams += 1
        self.edges.update(set(pairwise([BEGIN, *example, END])))
        for kind in example:
            self.follows.setdefault(kind, set())
        for before, after in pairwise(example):
            self.follows[before].add(after)
        counted = Counter(example)
        self.counts[frozenset((kind, min(2, times)) for kind, times in counted.items())] += 1

    def occurrences(self, group: _Group) -> tuple[int, int]:
        """The least and the most events of these kinds in one stream; 2 stands for more than one."""
        sums = [sum(times for kind, times in counts if kind in group) for counts in self.counts]
        return min(sums), min(2, max(sums))


def _reachable(follows: dict[str, set[str]]) -> dict[str, set[str]]:
    """The kinds that came somewhere after each."""
    reached = {}
    for kind in follows:
        found: set[str] = set()
        todo = [kind]
        while todo:
            fresh = follows[todo.pop()] - found
            found |= fresh
            todo += fresh
        reached[kind] = found
    return reached


def _chain(seen: _Seen) -> list[_Group]:
    """The groups of kinds in their order."""
    after = _reachable(seen.follows)
    group_of: dict[str, _Group] = {}
    for kind in after:
        both_ways = [each for each in after if kind in after[each] and each in after[kind]]
        group_of[kind] = tuple(both_ways) or (kind,)
    groups = list(dict.fromkeys(group_of.values()))
    before: dict[_Group, set[_Group]] = {group: set() for group in groups}
    for kind, later in after.items():
        for each in later:
            if group_of[each] != group_of[kind]:
                before[group_of[each]].add(group_of[kind])
    merged = _alternatives(groups, before)
    order = TopologicalSorter({merged[group]: {merged[each] for each in before[group]} for group in groups})
    return list(order.static_order())


def _alternatives(groups: list[_Group], before: dict[_Group, set[_Group]]) -> dict[_Group, _Group]:
    """Each group, or what it became part of: single kinds with the same ones before and behind them."""
    behind = {group: {each for each in groups if group in before[each]} for group in groups}
    alike: dict[tuple[frozenset[_Group], frozenset[_Group]], list[_Group]] = {}
    for group in groups:
        if len(group) == 1:
            alike.setdefault((frozenset(before[group]), frozenset(behind[group])), []).append(group)
    merged = {group: group for group in groups}
    for these in alike.values():
        whole = tuple(kind for group in these for kind in group)
        merged |= dict.fromkeys(these, whole)
    return merged


def _written(group: _Group, seen: _Seen) -> str:
    least, most = seen.occurrences(group)
    sign = {(1, 1): "", (0, 1): "?", (0, 2): "*"}.get((least, most), "+")
    kinds = list(dict.fromkeys(kind if is_kind(kind) else OTHER for kind in group))
    return (kinds[0] if len(kinds) == 1 else f"({' | '.join(kinds)})") + sign
