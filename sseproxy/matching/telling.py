"""A miss in words: for a person who has never heard of matching rules, and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sseproxy.matching.differences import Difference, Loosening
from sseproxy.matching.json_text import LIST, OBJECT
from sseproxy.matching.miss import Miss, Near
from sseproxy.printable import counted, printable, printable_bytes

PROBLEM_TYPE = "urn:sseproxy:miss"
"""The `type` of the problem (RFC 9457): what programs may tell a miss by."""

_FILE = "sseproxy.toml"
RECORD = "sseproxy record --record-mode new_episodes --upstream URL"

_SHOWN = 6  # differences of one recording
_BEFORE = 24  # letters that are shown before the first that differs
_LONGEST = 100  # letters of a value


def sentence(miss: Miss) -> str:
    """One line that says what was asked for and the nearest thing to a reason."""
    request = f"{printable(miss.request.method)} {printable_bytes(miss.request.target)}"
    return f"no cassette answers {request}: {_why(miss)}"


def _why(miss: Miss) -> str:
    if miss.given:
        what = "its one answer has" if miss.given == 1 else f"its {miss.given} answers have all"
        return f"{what} been given already (--exhausted miss)"
    if not miss.nearest:
        return "the library is empty" if not miss.recorded else "no cassette is like it"
    if miss.methods and miss.request.method not in miss.methods:
        return f"it was recorded with {printable(', '.join(miss.methods))} only"
    nearest = miss.nearest[0]
    places = [each.place for each in nearest.differences]
    if "path" in places:
        recorded = next(each.recorded for each in nearest.differences if each.place == "path")
        return f"its path was never recorded, the nearest is {printable(_told(recorded))}"
    told = [printable(place) for place in places[:3]]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"the nearest cassette differs in {', '.join(told)}{more}"


def lines(miss: Miss, record: str = RECORD) -> Iterator[str]:
    """The sentence, then each of the nearest recordings: what differs, and the rule that would help.

    `record`: the command that would record the request.
    """
    yield sentence(miss)
    for number, near in enumerate(miss.nearest, 1):
        yield f"  {number}. {printable(near.name)}"
        yield from ("     " + line for line in _near(near))
    if not miss.given:
        yield f"  to record this request: {record}"


def _near(near: Near) -> Iterator[str]:
    for each in near.differences[:_SHOWN]:
        recorded, asked = _values(each)
        yield printable(each.place)
        yield f"  recorded: {recorded}"
        yield f"  asked:    {asked}"
    if len(near.differences) > _SHOWN:
        yield f"and {counted(len(near.differences) - _SHOWN, 'more difference')}"
    yield from _remedy(near)


def _remedy(near: Near) -> Iterator[str]:
    if near.rule is None:
        yield "no rule can make it match"
        return
    yield f"to match it, {rule_text(near.rule)}"
    if near.merged or near.at_least:
        least = "at least " if near.at_least else ""
        yield f"  {least}{counted(near.merged, 'other cassette')} would then match as well"
    else:
        yield "  no other cassette would then match"


def rule_text(rule: Loosening) -> str:
    """What to write into the configuration."""
    told = []
    if rule.ignore:
        told.append(
            f"add under [match] in {_FILE}: ignore = {json.dumps(list(rule.ignore), ensure_ascii=False)}"
        )
    if rule.uncompared:
        names = ", ".join(map(json.dumps, rule.uncompared))
        told.append(f"take out of `headers` under [match] in {_FILE}: {names}")
    if rule.path:
        told.append(f"add under [match.values] in {_FILE}: path = '{rule.path}'")
    return "; ".join(told)


def _values(difference: Difference) -> tuple[str, str]:
    """Both values, cut so that the first letter that differs can be seen."""
    one, other = _told(difference.recorded), _told(difference.asked)
    alike = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, alike - _BEFORE) if alike > _LONGEST // 2 else 0
    return _cut(one, start), _cut(other, start)


_WITH_VALUES = re.compile(r'\0(["=]?)(\[.*\])', re.DOTALL)  # as `rules.without` has it
LEFT_OUT = "…"
"""Stands where an expression of `values` has found something."""


def _told(value: str | None) -> str:
    """The value of a part as a person would write it."""
    if value is None:
        return "(nothing)"
    if value in (OBJECT, LIST):
        return "an object {…}" if value == OBJECT else "a list […]"
    if found := _WITH_VALUES.fullmatch(value):
        value = found[1] + LEFT_OUT.join(json.loads(found[2]))
    if value.startswith('"'):
        return json.dumps(value[1:], ensure_ascii=False)
    text, _, hidden = value.partition("\0")
    return f"{text}… ({hidden})" if hidden and text else hidden or text.removeprefix("=") or "(empty)"


def _cut(text: str, start: int) -> str:
    end = start + _LONGEST
    return ("…" if start else "") + printable(text[start:end]) + ("…" if len(text) > end else "")


def problem(miss: Miss, status: int) -> dict[str, Any]:
    """The miss as a problem detail object (RFC 9457)."""
    told = {
        "type": PROBLEM_TYPE,
        "title": "No cassette answers this request",
        "status": status,
        "detail": sentence(miss),
        "nearest": [_near_problem(near) for near in miss.nearest],
    }
    return told if miss.given else {**told, "to_record_it": RECORD}


def _near_problem(near: Near) -> dict[str, Any]:
    told: dict[str, Any] = {"cassette": printable(near.name), "differences": []}
    for each in near.differences[:_SHOWN]:
        recorded, asked = _values(each)
        told["differences"].append({"place": printable(each.place), "recorded": recorded, "asked": asked})
    if len(near.differences) > _SHOWN:
        told["more_differences"] = len(near.differences) - _SHOWN
    if near.rule:
        told["to_match_it"] = rule_text(near.rule)
        told["others_that_would_match_too"] = near.merged
    return told
