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
    """The contract that these orders of kinds propose."""
    learner = Learner()
    for example in examples:
        learner.take(example)
    return learner.learned()


class Learner:
    """Takes examples one by one; what it keeps are counts, so that it does not matter how many there are."""

    def __init__(self) -> None:
        self._streams = 0
        self._edges: Counter[tuple[str, str]] = Counter()
        self._follows: dict[str, set[str]] = {}
        # How often each kind came, up to 2, in how many streams.
        self._counts: Counter[frozenset[tuple[str, int]]] = Counter()

    def take(self, example: Sequence[str]) -> None:
        """The kinds of one stream; one without any event is not counted."""
        if not example:
            return
        self._streams += 1
        self._edges.update(set(pairwise([BEGIN, *example, END])))
        for kind in example:
            self._follows.setdefault(kind, set())
        for before, after in pairwise(example):
            self._follows[before].add(after)
        counted = Counter(example)
        self._counts[frozenset((kind, min(2, times)) for kind, times in counted.items())] += 1

    def learned(self) -> Learned:
        contract = " ".join(self._written(group) for group in _chain(self._follows))
        edges = dict(sorted(self._edges.items(), key=lambda item: (-item[1], item[0])))
        return Learned(contract, self._streams, edges)

    def _written(self, group: _Group) -> str:
        sums = [sum(times for kind, times in counts if kind in group) for counts in self._counts]
        sign = {(1, 1): "", (0, 1): "?", (0, 2): "*"}.get((min(sums), min(2, max(sums))), "+")
        kinds = list(dict.fromkeys(kind if is_kind(kind) else OTHER for kind in group))
        return (kinds[0] if len(kinds) == 1 else f"({' | '.join(kinds)})") + sign


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


def _chain(follows: dict[str, set[str]]) -> list[_Group]:
    """The groups of kinds in their order."""
    after = _reachable(follows)
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
