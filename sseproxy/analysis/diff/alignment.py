"""Which event of one stream is which of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from sseproxy.analysis.diff.folding import Folding
from sseproxy.analysis.diff.sequences import Pair, paired
from sseproxy.analysis.story import Story
from sseproxy.dialects import Meaning


class Said(NamedTuple):
    """What of a moment is compared; a long stream has no room for the rest of it."""

    number: int
    meaning: Meaning


class Item(NamedTuple):
    """An event with all that is fresh folded."""

    moment: Said
    is_token: bool
    folded: Any
    identity: str
    """Equal for events that say the same."""


class Run(NamedTuple):
    """Tokens of one kind that nothing stands between. `start` and `stop` are places among the items."""

    kind: str
    start: int
    stop: int


@dataclass(frozen=True)
class Alignment:
    was: Sequence[Item]
    now: Sequence[Item]

    @classmethod
    def of(cls, was: Story, now: Story) -> Alignment:
        return cls(items(was), items(now))

    @cached_property
    def same_events(self) -> bool:
        """Whether both have the same events, each as often, in any order."""
        return Counter(item.identity for item in self.was) == Counter(item.identity for item in self.now)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Places of events that are one: those that say the same, then those of one kind, in order.

        Tokens are paired only where both streams have the same events: else their text counts as a whole.
        """
        ours = [place for place, item in enumerate(self.was) if self._pairs(item)]
        theirs = [place for place, item in enumerate(self.now) if self._pairs(item)]
        exact = self._paired(ours, theirs, lambda item: item.identity)
        taken = {a for a, _ in exact}, {b for _, b in exact}
        ours = [place for place in ours if place not in taken[0]]
        theirs = [place for place in theirs if place not in taken[1]]
        return sorted(exact + self._paired(ours, theirs, lambda item: item.moment.meaning.kind))

    def _paired(self, ours: list[int], theirs: list[int], key: Callable[[Item], str]) -> list[Pair]:
        """Of these places alone."""
        found = paired([key(self.was[place]) for place in ours], [key(self.now[place]) for place in theirs])
        return [(ours[a], theirs[b]) for a, b in found]

    def _pairs(self, item: Item) -> bool:
        return self.same_events or not item.is_token

    @cached_property
    def alone(self) -> tuple[list[Item], list[Item]]:
        """Events that are no tokens and have no counterpart."""
        ours, theirs = {a for a, _ in self.pairs}, {b for _, b in self.pairs}
        return (
            [each for i, each in enumerate(self.was) if self._pairs(each) and i not in ours],
            [each for i, each in enumerate(self.now) if self._pairs(each) and i not in theirs],
        )

    @cached_property
    def runs(self) -> tuple[list[Run], list[Run]]:
        """The runs of tokens; an event without a counterpart breaks none."""
        ours, theirs = {a for a, _ in self.pairs}, {b for _, b in self.pairs}
        return _runs(self.was, ours), _runs(self.now, theirs)


def items(story: Story) -> list[Item]:
    folding = Folding(story)
    found = []
    known: dict[tuple[Meaning, str], Item] = {}  # events that are the same share what is told of them
    for number, _, _, event, meaning in story.heard:
        first = known.get((meaning, event.data))
        if first is None:
            folded = folding.data(event.data)
            identity = orjson.dumps([meaning.kind, folded], option=orjson.OPT_SORT_KEYS).decode()
            first = Item(Said(number, meaning), meaning.kind in story.dialect.tokens, folded, identity)
            known[meaning, event.data] = first
        found.append(first._replace(moment=Said(number, first.moment.meaning)))
    return found


def _runs(items: Sequence[Item], paired: set[int]) -> list[Run]:
    runs: list[Run] = []
    broken = True
    for place, item in enumerate(items):
        if not item.is_token:
            broken = broken or place in paired
            continue
        kind = item.moment.meaning.kind
        if broken or runs[-1].kind != kind:
            runs.append(Run(kind, place, place + 1))
        else:
            runs[-1] = runs[-1]._replace(stop=place + 1)
        broken = False
    return runs
