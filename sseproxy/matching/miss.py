"""Why nothing answers a request: the recordings that come nearest, and what would have to be ignored."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

from sseproxy.errors import CassetteError
from sseproxy.exchange import Request
from sseproxy.matching.bodies import beginning, kind_of
from sseproxy.matching.differences import Difference, Loosening, Unhelpful, differences, loosening, shown
from sseproxy.matching.folding import FOLDED, fold, folded_rules, one_sided
from sseproxy.matching.index import Index, sketch
from sseproxy.matching.library import Library
from sseproxy.matching.parts import is_of_body

NEAREST = 3
"""Recordings that a miss tells of."""
_CANDIDATES = 12  # that are read to find them
_COUNTED = 200  # recordings that are read to count what a rule would merge
_LETTERS = 500  # of a value that are compared letter by letter


@dataclass(frozen=True, slots=True)
class Near:
    """A recording that is nearly the one."""

    name: str
    status: int | None
    """Of its response; None where it has none."""
    differences: tuple[Difference, ...]
    kinds: tuple[str, str] | None
    """What the bodies are, its own and the request's (`a JSON body`), where they are not of one kind."""
    folded: tuple[str, ...]
    """The rules by which it would answer if volatile ids were folded, which they are not (`strict`)."""
    rule: Loosening | Unhelpful
    """What would make it match, or why nothing is proposed that would."""
    merged: int
    """How many other cassettes would then answer the request as well."""
    at_least: bool
    """Whether there may be more of them."""


@dataclass(frozen=True, slots=True)
class Miss:
    request: Request
    """Masked, to be shown."""
    given: int
    """How many answers there are to this very request, all of which have been given."""
    methods: tuple[str, ...] = ()
    """Those that this path was recorded with."""
    nearest: tuple[Near, ...] = ()
    """Of different requests, the nearest first; of other methods and paths none where one has the same."""
    recorded: int = 0
    """How many cassettes the library has."""


class _Reader:
    """The parts of recordings, and the requests as they are compared, read once each."""

    def __init__(self, index: Index, library: Library) -> None:
        self._index = index
        self._library = library
        self._read: dict[int, tuple[dict[str, str], Request] | None] = {}

    def parts(self, number: int) -> tuple[dict[str, str], Request] | None:
        """None where the cassette has gone, or changed, since: it is no help then."""
        if number not in self._read:
            try:
                request = self._library.request(number)
            except CassetteError:
                self._read[number] = None
            else:
                self._read[number] = self._index.parts(request), self._index.masked(request)
        return self._read[number]

    def name(self, number: int) -> str:
        return self._library.name(number)

    def status(self, number: int) -> int | None:
        try:
            return self._library.status(number)
        except CassetteError:
            return None


class _Candidate(NamedTuple):
    """A recording that was compared."""

    number: int
    parts: Mapping[str, str]
    found: list[Difference]
    told: list[Difference]
    """The differences as they are shown."""
    kinds: tuple[str, str] | None


def explain(request: Request, index: Index, library: Library) -> Miss:
    """Reads a few recordings of the library and compares them in full."""
    reader = _Reader(index, library)
    masked = index.masked(request)
    parts = index.parts(request)
    given = index.find(parts)
    if given:
        return Miss(masked, len(given.numbers))
    kind = kind_of(masked)
    candidates = [
        _compared(number, *recorded, parts, masked, kind, index)
        for number in _candidates(parts, index)
        if (recorded := reader.parts(number))
    ]
    candidates.sort(key=lambda each: (_distance(each.told), each.number))
    near = list(takewhile(lambda each: _route(each.told) == _route(candidates[0].told), candidates))
    nearest = tuple(_near(each, parts, masked.body, index, reader) for each in near[:NEAREST])
    methods = {method for method, path in index.routes.values() if path == parts.get("path")}
    return Miss(masked, 0, tuple(sorted(methods)), nearest)


def _compared(
    number: int,
    recorded: Mapping[str, str],
    request: Request,
    parts: Mapping[str, str],
    asked: Request,
    kind: str,
    index: Index,
) -> _Candidate:
    found = differences(recorded, parts, index.folded)
    rest = [each for each in shown(found) if not is_of_body(each.place)]
    kinds = (kind_of(request), kind)
    if kinds[0] == kinds[1] or all(not is_of_body(each.place) for each in found):
        told = [replace(each, one_sided=one_sided(recorded, parts, each.place)) for each in shown(found)]
        return _Candidate(number, recorded, found, told, None)
    bodies = Difference("body", _body(kinds[0], request), _body(kind, asked))
    return _Candidate(number, recorded, found, [*rest, bodies], kinds)


def _body(kind: str, request: Request) -> str:
    return f"{kind}: {beginning(request)}" if request.body else kind


def _near(
    candidate: _Candidate, parts: Mapping[str, str], body: bytes, index: Index, reader: _Reader
) -> Near:
    number, recorded, found, told, kinds = candidate
    rule = loosening(found, parts)
    merged, at_least = 0, False
    if isinstance(rule, Loosening):
        merged, at_least = _merged(rule, number, parts, body, index, reader)
    folded = _folded(recorded, parts, index)
    return Near(
        reader.name(number), reader.status(number), tuple(told), kinds, folded, rule, merged, at_least
    )


def _folded(recorded: Mapping[str, str], parts: Mapping[str, str], index: Index) -> tuple[str, ...]:
    """The rules that alone keep the requests apart because nothing is folded."""
    if not index.strict or fold(recorded) != fold(parts):
        return ()
    return tuple(folded_rules(recorded, parts))


def _candidates(parts: Mapping[str, str], index: Index) -> list[int]:
    """The newest recording each of requests that may be near, by what their sketches have in common."""
    bits = sketch(parts.items())
    method, path = parts.get("method", ""), parts.get("path", "")
    numbers = [group[-1] for group in index.groups()]
    paths = _near_paths(path, {index.routes[number][1] for number in numbers})

    def distance(number: int) -> tuple[int, bool, int, int]:
        its_method, its_path = index.routes[number]
        differ = (index.sketches[number] ^ bits).bit_count()
        return paths.get(its_path, len(paths)), its_method != method, differ, -number

    return heapq.nsmallest(_CANDIDATES, numbers, key=distance)


def _near_paths(path: str, recorded: set[str]) -> dict[str, int]:
    """The rank of each path that is like this one."""
    if path in recorded:
        return {path: 0}
    segments = path.split("/")

    def alike(each: str) -> tuple[int, int]:
        """The segments that are the same from either end, and the letters from the beginning."""
        its = each.split("/")
        ends = _same(segments, its) + _same(segments[::-1], its[::-1])
        return ends, _same(path, each)

    # Comparing letter by letter takes a hundred times as long.
    likely = heapq.nlargest(_CANDIDATES, sorted(recorded), key=alike)
    close = difflib.get_close_matches(path, likely, n=NEAREST, cutoff=0.5)
    return {each: rank for rank, each in enumerate(close)}


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many they have in common from the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _distance(found: Sequence[Difference]) -> tuple[tuple[bool, bool], int, int]:
    return _route(found), len(found), sum(map(_size, found))


def _route(found: Sequence[Difference]) -> tuple[bool, bool]:
    """Whether the path and the method differ: where they are the same in one, no other is of any help."""
    places = {each.place for each in found}
    return "path" in places, "method" in places


def _size(difference: Difference) -> int:
    """Roughly how many letters differ."""
    one, other = ((value or "")[:_LETTERS] for value in (difference.recorded, difference.asked))
    alike = difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
    return round((len(one) + len(other)) * (1 - alike))


def _merged(
    rule: Loosening, near: int, parts: Mapping[str, str], body: bytes, index: Index, reader: _Reader
) -> tuple[int, bool]:
    """How many cassettes of other requests than the near one's would answer too; whether there may be more.

    A recording of which only ignored parts differ has all bits of the others in its sketch: few others
    have, so few are read.
    """
    rest = rule.rest(index.folded(parts), body)
    bits = sketch(part for part in rest.items() if part[1] != FOLDED and part[0] != rule.replaced)
    count = read = 0
    for group in index.groups():
        if near in group or index.sketches[group[-1]] & bits != bits:
            continue
        if read == _COUNTED:
            return count, True
        read += 1
        recorded = reader.parts(group[-1])
        if recorded and rule.rest(index.folded(recorded[0]), recorded[1].body) == rest:
            count += len(group)
    return count, False
