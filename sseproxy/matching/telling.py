"""A miss in words: for a person who has never heard of matching rules, and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sseproxy.matching.differences import Difference, Loosening, Unhelpful
from sseproxy.matching.json_text import LIST, OBJECT
from sseproxy.matching.miss import NEAREST, Miss, Near
from sseproxy.matching.places import lies_in
from sseproxy.matching.proposal import toml
from sseproxy.printable import counted, printable, printable_bytes
from sseproxy.redaction import MASK

PROBLEM_TYPE = "urn:sseproxy:miss"
"""The `type` of the problem (RFC 9457): what programs may tell a miss by."""

_FILE = "sseproxy.toml"
RECORD = "sseproxy record --record-mode new_episodes --upstream URL"

_SHOWN = 6  # differences of one recording
_BEFORE = 24  # letters that are shown before the first that differs
_LONGEST = 100  # letters of a value
_REMEMBERED = 1_000  # misses of which a log knows that they have been told


def sentence(miss: Miss) -> str:
    """One line that says what was asked for, and why nothing answers."""
    request = f"{printable(miss.request.method)} {printable_bytes(miss.request.target)}"
    return f"no cassette answers {request}: {reason(miss)}"


def reason(miss: Miss) -> str:
    """The nearest thing to a reason."""
    if miss.given:
        what = "its one answer has" if miss.given == 1 else f"its {miss.given} answers have all"
        return f"{what} been given already (without --exhausted miss the last one would come again)"
    if not miss.nearest:
        return "none has a whole request to compare it with" if miss.recorded else "there are no cassettes"
    if miss.methods and miss.request.method not in miss.methods:
        return f"its path was recorded with {printable(', '.join(miss.methods))} only"
    nearest = miss.nearest[0]
    places = [each.place for each in nearest.differences]
    if "path" in places:
        recorded = next(each.recorded for each in nearest.differences if each.place == "path")
        return f"its path was never recorded, the nearest is {printable(_told(recorded))}"
    if nearest.kinds:
        return f"it has {nearest.kinds[1]}, the nearest cassette {nearest.kinds[0]}"
    told = [printable(place) for place in places[:3]]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    without = " (without --strict it would answer)" if nearest.folded else ""
    return f"the nearest cassette differs in {', '.join(told)}{more}{without}"


class Log:
    """Misses as a log has them: the nearest recording of each, and of what was told before the sentence."""

    def __init__(self, record: str = RECORD) -> None:
        self._record = record
        self._count = 0
        self._times: dict[str, list[int]] = {}  # the number of a miss, and how often it was told

    def told(self, miss: Miss) -> str:
        """Lines, of which the first ends with the number of the miss."""
        first, *rest = lines(miss, self._record, most=1)
        whole = "\n".join([first, *rest])
        if known := self._times.get(whole):
            known[1] += 1
            return f"{first} [miss {known[0]} again, {known[1]} times by now]"
        self._count += 1
        if len(self._times) < _REMEMBERED:
            self._times[whole] = [self._count, 1]
        return "\n".join([f"{first} [miss {self._count}]", *rest])


def lines(miss: Miss, record: str = RECORD, most: int = NEAREST) -> Iterator[str]:
    """The sentence, then each of the nearest recordings: what differs, and the rule that would help.

    `record`: the command that would record the request; `most`: recordings to tell of.
    """
    yield sentence(miss)
    told: dict[object, int] = {}
    for number, near in enumerate(miss.nearest[:most], 1):
        answer = "no response" if near.status is None else f"status {near.status}"
        yield f"  {number}. {printable(near.name)} ({answer})"
        yield from ("     " + line for line in _differences(near))
        first = told.setdefault(near.rule, number)
        if first < number and isinstance(near.rule, Loosening):
            yield f"     the rule that is told for {first} would make it match"
        else:
            yield from ("     " + line for line in _remedy(near))
    if len(miss.nearest) > most:
        yield f"  (the answer's body tells of {counted(len(miss.nearest) - most, 'other')})"
    if not miss.given:
        yield f"  to record this request: {record}"


def _differences(near: Near) -> Iterator[str]:
    for each in near.differences[:_SHOWN]:
        recorded, asked = _values(each)
        yield printable(each.place)
        yield f"  recorded: {recorded}"
        yield f"  asked:    {asked}"
        if note := _note(each):
            yield f"  ({note})"
    if len(near.differences) > _SHOWN:
        yield f"and {counted(len(near.differences) - _SHOWN, 'more difference')}"


_MASK = MASK.decode()


def _is_masked(one: str | None, other: str | None) -> bool:
    """Whether one has a mask, the other none, and all beside the mask may be alike."""
    if one is None or other is None or _MASK not in one or _MASK in other:
        return False
    return other.startswith(one.partition(_MASK)[0]) and other.endswith(one.rpartition(_MASK)[2])


def _note(difference: Difference) -> str:
    """What is odd about the two values; empty where they speak for themselves."""
    values = difference.recorded, difference.asked
    if _is_masked(*values):
        return "the recorded one was a secret and is masked: only another secret can equal it"
    if _is_masked(*reversed(values)):
        return "the one asked is a secret and is masked: only a recorded secret can equal it"
    if difference.one_sided:
        return "any other id would do here, but there has to be one on both sides or on none"
    return ""


def _remedy(near: Near) -> Iterator[str]:
    if near.folded:
        yield f"without --strict it would answer, for ids may differ then: {', '.join(near.folded)}"
    if isinstance(near.rule, Unhelpful):
        yield f"no rule is proposed to make it match: {near.rule}"
        return
    added = list(toml(near.rule))
    if added:
        yield f"to make it match, add to {_FILE}:"
        yield from (f"  {line}" for line in added)
    if any(_is_asked(place) for place in near.rule.ignore):
        yield "mind that it ignores what the model is asked: any other question would get this answer, too"
    if near.rule.uncompared:
        names = ", ".join(map(json.dumps, near.rule.uncompared))
        also = "and" if added else "to make it match,"
        yield f"{also} take {names} out of the `headers` of your rules in {_FILE}"
    yield _others(near)


_ASKED = ("$.question", "$.messages", "$.prompt", "$.input")


def _is_asked(place: str) -> bool:
    """Whether the model is asked there: in the words of Flowise, OpenAI, Anthropic and Ollama."""
    return place == "body" or any(lies_in(place, asked) for asked in _ASKED)


def _others(near: Near) -> str:
    if not near.merged:
        return "no other cassette would answer this request then"
    least = "at least " if near.at_least else ""
    others = counted(near.merged, "other cassette")
    return f"that would also make {least}{others} answer this request: better record it"


def _values(difference: Difference) -> tuple[str, str]:
    """Both values, cut so that the first letter that differs can be seen."""
    one, other = (
        _several(value) if value and "&" in value and difference.place.startswith(_ITEMS) else _told(value)
        for value in (difference.recorded, difference.asked)
    )
    alike = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, alike - _BEFORE) if alike > _LONGEST // 2 else 0
    return _cut(one, start), _cut(other, start)


_WITH_VALUES = re.compile(r'\0(["=]?)(\[.*\])', re.DOTALL)  # as `rules.without` has it
LEFT_OUT = "…"
"""Stands where an expression of `values` has found something."""


_ITEMS = ("query.", "form.")


def _several(items: str) -> str:
    """The values of a name that is there several times, as `parts` joins them."""
    values = [_told(each) for each in items.split("&")]
    return f"{', '.join(values)} ({len(values)} values)"


def _told(value: str | None) -> str:
    """The value of a part as a person would write it."""
    if value is None:
        return "(not there)"
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


def problem(miss: Miss, status: int, record: str = RECORD) -> dict[str, Any]:
    """The miss as a problem detail object (RFC 9457)."""
    told = {
        "type": PROBLEM_TYPE,
        "title": "No cassette answers this request",
        "status": status,
        "detail": sentence(miss),
        "nearest": [_near_problem(near) for near in miss.nearest],
    }
    return told if miss.given else {**told, "to_record_it": record}


def _near_problem(near: Near) -> dict[str, Any]:
    told: dict[str, Any] = {"cassette": printable(near.name), "status": near.status, "differences": []}
    for each in near.differences[:_SHOWN]:
        recorded, asked = _values(each)
        values = {"place": printable(each.place), "recorded": recorded, "asked": asked}
        told["differences"].append(values | ({"note": note} if (note := _note(each)) else {}))
    if len(near.differences) > _SHOWN:
        told["more_differences"] = len(near.differences) - _SHOWN
    told["to_make_it_match"] = list(_remedy(near))
    if isinstance(near.rule, Loosening):
        told["others_that_would_answer_too"] = near.merged
    return told
