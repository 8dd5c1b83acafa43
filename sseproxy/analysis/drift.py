"""Whether a server still answers as it did: the order of kinds and the structure of JSON, not the prose.

Where a contract is given, it says which orders are legal; else the recorded one is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby
from typing import Any

import orjson

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.lint import Expectations
from sseproxy.analysis.lint.order import listed
from sseproxy.contract import Contract, Run, compile_contract
from sseproxy.dialects import PLAIN, Dialect, detect
from sseproxy.exchange import Exchange, media_type
from sseproxy.printable import printable
from sseproxy.sse import Event

Structure = set[tuple[str, str]]
"""Where in JSON documents values are (`$.data[*].id`), and of which type they are."""

_DEPTH = 64  # of what is compared: a document that is nested deeper has no structure to speak of


def drift(
    recorded: Exchange,
    live: Exchange,
    expectations: Expectations = Expectations(),  # noqa: B008 - a frozen value
) -> list[str]:
    """What is different in structure, a sentence each; none where a client would not notice."""
    found = list(_heads(recorded, live))
    if recorded.ending.whole != live.ending.whole:
        found.append(f"ending: {live.ending}, was {recorded.ending}")
    before, now = read_stream(recorded), read_stream(live)
    if not (before.is_stream and now.is_stream):
        return found + list(_structures("body", _json(recorded.body), _json(live.body)))
    events = [timed.event for timed in before.dispatched], [timed.event for timed in now.dispatched]
    dialects = _dialects(*events, expectations)
    if dialects[0] is not dialects[1]:
        found.append(f"dialect: {dialects[1].name}, was {dialects[0].name}")
    was, is_ = (_kinds(*each) for each in zip(events, dialects, strict=True))
    if contract := expectations.given(dialects[1]):
        order = [name for name, _ in is_ if name not in dialects[1].anywhere]
        found += _violations(order, compile_contract(contract), whole=live.ending.whole)
    else:
        found += _reordered(was, is_, dialects[0].anywhere | dialects[1].anywhere)
    for name in dict.fromkeys(name for name, _ in was):
        old, new = ([event for kind, event in each if kind == name] for each in (was, is_))
        if new:  # else the order has told it, or the contract leaves it free
            found += _structures(printable(name), _of_events(old), _of_events(new))
    return found


def _dialects(
    recorded: Sequence[Event], live: Sequence[Event], expectations: Expectations
) -> tuple[Dialect, Dialect]:
    """Whose events they are. Those of which it can't be told are taken for the others' kin."""
    if expectations.dialect:
        return expectations.dialect, expectations.dialect
    was, is_ = (detect(events, expectations.dialects) for events in (recorded, live))
    return was if was is not PLAIN else is_, is_ if is_ is not PLAIN else was


_Kinds = list[tuple[str, Event]]


def _kinds(events: Iterable[Event], dialect: Dialect) -> _Kinds:
    return [(dialect.read(event).kind, event) for event in events]


def _reordered(was: _Kinds, is_: _Kinds, anywhere: Set[str]) -> Iterator[str]:
    """Where the kinds come in another order; how many of one follow each other is prose."""
    runs = [
        [(name, len(list(run))) for name, run in groupby(kind for kind, _ in each if kind not in anywhere)]
        for each in (was, is_)
    ]
    if [name for name, _ in runs[0]] != [name for name, _ in runs[1]]:
        before, now = (
            " ".join(printable(name) + ("+" if count > 1 else "") for name, count in each) for each in runs
        )
        yield f"order of events: {now or 'none'}, was {before or 'none'}"


def _violations(kinds: Iterable[str], contract: Contract, *, whole: bool) -> Iterable[str]:
    """Where the order is none that the contract has, alike ones once. `whole`: nothing more can come."""
    run = Run(contract)
    told: dict[str, None] = {}
    for kind in kinds:
        if found := run.take(kind):
            told[f"contract: {listed((kind,))} came where it has {listed(found.expected)}"] = None
    if whole and (due := run.finish()):
        told[f"contract: the stream is over where it has {listed(due)}"] = None
    return told


def _heads(recorded: Exchange, live: Exchange) -> Iterator[str]:
    was, is_ = recorded.response, live.response
    if was is None or is_ is None:
        if was is not is_:
            one, other = (head.status if head else "none" for head in (is_, was))
            yield f"response: {one}, was {other}"
        return
    if was.status != is_.status:
        yield f"status: {is_.status}, was {was.status}"
    types = [printable(media_type(head.headers).decode("latin-1")) or "none" for head in (was, is_)]
    if types[0] != types[1]:
        yield f"Content-Type: {types[1]}, was {types[0]}"


def _of_events(events: Iterable[Event]) -> Structure:
    found: Structure = set()
    for event in events:
        found |= _json(event.data)
    return found


def _json(text: str | bytes) -> Structure:
    """Empty for what is no JSON."""
    found: Structure = set()
    waiting: list[tuple[str, Any, int]] = [("$", _parsed(text), 0)]
    if waiting[0][1] is _NOTHING:
        return found
    while waiting:
        place, value, depth = waiting.pop()
        found.add((place, _TYPES[type(value)]))
        if depth == _DEPTH:
            continue
        if isinstance(value, dict):
            waiting += [(f"{place}.{name}", each, depth + 1) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}[*]", each, depth + 1) for each in value]
    return found


_NOTHING = object()
_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _parsed(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _NOTHING


def _structures(what: str, was: Structure, is_: Structure) -> Iterator[str]:
    """The places that came, went, or hold another type now."""
    before, now = _by_place(was), _by_place(is_)
    moved = before.keys() ^ now.keys()
    for place in sorted(before.keys() | now.keys()):
        shown = printable(place)
        if place != "$" and _holder(place) in moved:
            continue  # it came or went with what it lies in
        if place not in now and not _may_be_empty(place, now):
            yield f"{what}: {shown} is gone, was {before[place]}"
        elif place not in before and not _may_be_empty(place, before):
            yield f"{what}: {shown} is new, {now[place]}"
        elif place in before and place in now and before[place] != now[place]:
            yield f"{what}: {shown} is {now[place]}, was {before[place]}"


def _by_place(structure: Structure) -> dict[str, str]:
    types: dict[str, list[str]] = {}
    for place, type_ in sorted(structure):
        types.setdefault(place, []).append(type_)
    return {place: " or ".join(each) for place, each in types.items()}


def _holder(place: str) -> str:
    return re.sub(r"(?:\.[^.]*|\[\*\])$", "", place)


def _may_be_empty(place: str, there: dict[str, str]) -> bool:
    """How many items a list has is prose, also where it has none."""
    return place.endswith("[*]") and _holder(place) in there
