"""In what two requests differ, and the smallest rule under which they would not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sseproxy.matching.json_text import LIST, OBJECT
from sseproxy.matching.parts import is_of_body
from sseproxy.matching.places import lies_in, selector
from sseproxy.matching.rules import without

_FEW = 3
"""Places that a rule names one by one; where more differ, what they lie in is named."""


@dataclass(frozen=True, slots=True)
class Difference:
    place: str
    recorded: str | None
    """The value, None where there is none."""
    asked: str | None
    one_sided: bool = False
    """Whether it would be no difference if both had some id there."""


class Unhelpful(StrEnum):
    """Why no rule is proposed."""

    METHOD = "the method always counts"
    PATH = "the paths have too little in common"
    SLASH = "the paths differ in the slash at the end alone, which counts"
    CAPITALS = "the paths differ in capitals alone, which count"
    NAME = "it would have to name what is not UTF-8"


@dataclass(frozen=True, slots=True)
class Loosening:
    """A change of the rules that makes two requests match."""

    route: str
    """The requests it is for: a pattern (`POST /api/*`) that both of them fit."""
    ignore: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()
    """Headers that would no longer be compared."""
    path: str = ""
    """A regular expression for what may differ in the path; empty where nothing may."""

    @property
    def replaced(self) -> str:
        """The place whose value the rule compares only in part."""
        return "path" if self.path else ""

    def rest(self, parts: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The parts that would still count."""
        gone = {f"header.{name}" for name in self.uncompared}
        for text in self.ignore:
            gone |= selector(text)(parts, body)
        rest = {place: value for place, value in parts.items() if place not in gone}
        return rest | {"path": without(self.path, rest["path"])} if self.path else rest


def differences(
    recorded: Mapping[str, str],
    asked: Mapping[str, str],
    folded: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda parts: parts,
) -> list[Difference]:
    """Where the values differ, in the order of the request that has them, though they are `folded`."""
    one, other = folded(recorded), folded(asked)
    return [
        Difference(place, recorded.get(place), asked.get(place))
        for place in dict.fromkeys([*recorded, *asked])
        if one.get(place) != other.get(place)
    ]


def shown(found: Iterable[Difference]) -> list[Difference]:
    """Without objects and lists of which only one side has any: their values are told of anyway.

    Where one side has an object and the other a list, that is told, and not what is in them.
    """
    listed = list(found)
    changed = [each for each in listed if {each.recorded, each.asked} == {OBJECT, LIST}]
    inside = {each.place for each in listed if any(_lies_below(each.place, other.place) for other in changed)}
    rest = [each for each in listed if each.place not in inside]
    return [each for each in rest if not _has_others_below(each, rest)]


def _has_others_below(difference: Difference, all_: list[Difference]) -> bool:
    holder = difference.recorded in (OBJECT, LIST, None) and difference.asked in (OBJECT, LIST, None)
    return holder and any(_lies_below(each.place, difference.place) for each in all_)


def _lies_below(place: str, other: str) -> bool:
    return place != other and lies_in(place, other)


def loosening(found: Iterable[Difference], asked: Mapping[str, str]) -> Loosening | Unhelpful:
    """The rule that names no more than what differs, for requests such as the one that was asked."""
    by_place = {each.place: each for each in found}
    path, glob = "", _globbed(asked.get("path", ""))
    if "method" in by_place:
        return Unhelpful.METHOD
    if differs := by_place.pop("path", None):
        path, glob = _segment(differs.recorded or "", differs.asked or "")
        if not path:
            return _apart(differs.recorded or "", differs.asked or "")
    places = list(by_place)
    if _has_half(path) or any(_has_half(place) for place in places if not place.startswith("$")):
        return Unhelpful.NAME
    uncompared = tuple(place.removeprefix("header.") for place in places if place.startswith("header."))
    ignore = [place for place in places if not is_of_body(place) and not place.startswith("header.")]
    body = _of_body([place for place in places if is_of_body(place)])
    return Loosening(_route(asked.get("method", ""), glob), (*ignore, *body), uncompared, path)


def _apart(one: str, other: str) -> Unhelpful:
    """Why no rule is proposed for two paths."""
    if one.rstrip("/") == other.rstrip("/"):
        return Unhelpful.SLASH
    return Unhelpful.CAPITALS if one.lower() == other.lower() else Unhelpful.PATH


def _has_half(text: str) -> bool:
    """Whether it has half a surrogate pair: no JSONPath's, which can spell it, but one for a byte."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _route(method: str, glob: str) -> str:
    """The pattern of a route, as `patterns` reads it: in any case of letters, byte by byte, in two words."""
    return f"{method if method.isupper() else '*'} {glob if glob.startswith('/') else '*'}"


def _globbed(path: str) -> str:
    """The glob of this path alone, as far as one can be written."""
    return re.sub(r"[^!-~]+", "*", re.sub(r"[\[*?]", r"[\g<0>]", path))


def _segment(one: str, other: str) -> tuple[str, str]:
    """An expression for the one segment in which two paths differ, and a glob that fits both; or nothing.

    The segment is known by the one before it.
    """
    ours, theirs = one.split("/"), other.split("/")
    apart = [at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    if len(ours) != len(theirs) or len(apart) != 1:
        return "", ""
    (at,) = apart
    if at <= 1 or not ours[at] or not theirs[at]:
        return "", ""
    glob = [*map(_globbed, theirs[:at]), "*", *map(_globbed, theirs[at + 1 :])]
    return f"(?<=/{re.escape(ours[at - 1])}/)[^/]+", "/".join(glob)


def _of_body(places: list[str]) -> list[str]:
    if "$" in places or "body" in places:
        return ["body"]  # not the same kind of body
    named = dict.fromkeys(re.sub(r"#[0-9]+.*| head$", "", place) for place in places)
    tops = [place for place in named if not any(_lies_below(place, other) for other in named)]
    if len(tops) <= _FEW:
        return tops
    holders = dict.fromkeys(_holder(place) for place in tops)
    return list(holders) if len(holders) <= _FEW else ["body"]


def _holder(place: str) -> str:
    """The member of the document in which a place lies."""
    step = re.match(r"\$(?:\.[A-Za-z_0-9]+|\['(?:[^'\\]|\\.)*'\]|\[[0-9]+\])", place)
    return step[0] if step else place
