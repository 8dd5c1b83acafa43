"""Which exchange of one folder is compared with which of the other: those of one request, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

import orjson

from sseproxy.analysis.diff.folding import Folding
from sseproxy.analysis.story import Story
from sseproxy.redaction import mask_target

Named = tuple[str, Story]


class Pairs(NamedTuple):
    both: list[tuple[Named, Named]]
    only_was: list[Named]
    only_now: list[Named]


def request_key(story: Story) -> Hashable:
    """Equal for requests that are one in two runs: method, target, and body, ids that are fresh folded."""
    request = story.exchange.request
    if request is None:
        return None
    folding = Folding(story, uuids=False)
    target = folding.text(mask_target(request.target)[0].decode("utf-8", "backslashreplace"))
    return request.method, target, orjson.dumps(folding.data(request.body), option=orjson.OPT_SORT_KEYS)


def pair(was: Iterable[Named], now: Iterable[Named], key: Callable[[Story], Hashable] = request_key) -> Pairs:
    """The first of a request with the first, the second with the second; both in the order recorded."""
    theirs: dict[Hashable, list[Named]] = defaultdict(list)
    for each in _in_order(now):
        theirs[key(each[1])].append(each)
    both, alone = [], []
    for each in _in_order(was):
        waiting = theirs[key(each[1])]
        if waiting:
            both.append((each, waiting.pop(0)))
        else:
            alone.append(each)
    return Pairs(both, alone, _in_order(each for waiting in theirs.values() for each in waiting))


def _in_order(named: Iterable[Named]) -> list[Named]:
    return sorted(named, key=lambda each: (each[1].exchange.head.wall, each[1].exchange.head.id))
