"""What is said: the request, the text that tokens make, JSON by path, events that only one stream has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sseproxy.analysis.body import readable_body
from sseproxy.analysis.diff.alignment import Alignment, Item
from sseproxy.analysis.diff.change import Change, changed
from sseproxy.analysis.diff.folding import Folding, leaves, spelled
from sseproxy.analysis.story import Story

_SHOWN = 3
"""Values of one member that are shown where each token may have another."""


def content(was: Story, now: Story, alignment: Alignment) -> Iterator[Change]:
    yield from _request(was, now)
    if not (was.stream.is_stream and now.stream.is_stream):
        yield from _bodies(was, now)
    elif not alignment.same_events:
        yield from _events(alignment)


def _events(alignment: Alignment) -> Iterator[Change]:
    yield from _texts(alignment)
    yield from _members(alignment)
    for ours, theirs in alignment.pairs:
        one, other = alignment.was[ours], alignment.now[theirs]
        yield from _by_path(_name(one), one.folded, other.folded)
    for item in alignment.alone[0]:
        yield Change(_name(item), _spelled(item), None)
    for item in alignment.alone[1]:
        yield Change(_name(item), None, _spelled(item))


def _request(was: Story, now: Story) -> Iterator[Change]:
    one, other = was.exchange.request, now.exchange.request
    yield from changed("request method", one and one.method, other and other.method)
    ours, theirs = Folding(was, uuids=False), Folding(now, uuids=False)
    yield from changed(
        "request target",
        one and ours.text(one.target.decode("utf-8", "backslashreplace")),
        other and theirs.text(other.target.decode("utf-8", "backslashreplace")),
    )
    yield from _by_path(
        "request", ours.data(one.body) if one else "", theirs.data(other.body) if other else ""
    )


def _bodies(was: Story, now: Story) -> Iterator[Change]:
    """Where one of them is no stream there are no events to align."""
    if was.stream.is_stream or now.stream.is_stream:
        yield from changed("body", _sort(was), _sort(now))
    else:
        one, other = (Folding(each).data(readable_body(each.exchange)) for each in (was, now))
        yield from _by_path("body", one, other)


def _sort(story: Story) -> str | None:
    if story.exchange.response is None:
        return None
    return "an event stream" if story.stream.is_stream else "no event stream"


def _texts(alignment: Alignment) -> Iterator[Change]:
    """The text that each kind of token makes, joined over the whole stream."""
    was, now = joined(alignment.was), joined(alignment.now)
    for kind in dict.fromkeys([*was, *now]):
        yield from changed(f"text of {kind}", was.get(kind), now.get(kind))


def joined(items: Iterable[Item]) -> dict[str, str]:
    texts: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.is_token:
            texts[item.moment.meaning.kind].append(item.moment.meaning.text)
    return {kind: "".join(pieces) for kind, pieces in texts.items()}


def _members(alignment: Alignment) -> Iterator[Change]:
    """What tokens hold beside their text: all values that a member has in any token."""
    was, now = _beside(alignment.was), _beside(alignment.now)
    for place in dict.fromkeys([*was, *now]):
        yield from changed(place, _some(was.get(place)), _some(now.get(place)))


def _beside(items: Iterable[Item]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.is_token and isinstance(item.folded, dict | list):
            text = item.moment.meaning.text
            for path, leaf in leaves(item.folded).items():
                value = spelled(leaf)
                place = f"{item.moment.meaning.kind} {path}"
                if not (text and leaf == text) and value not in found[place]:
                    found[place].append(value)
    return {place: sorted(values) for place, values in found.items() if values}


def _some(values: list[str] | None) -> str | None:
    if values is None:
        return None
    more = f", … ({len(values)} values)" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more


def _by_path(what: str, was: object, now: object) -> Iterator[Change]:
    if was == now:
        return
    if not (isinstance(was, dict | list) and isinstance(now, dict | list)):
        yield from changed(what, _text(was), _text(now))
        return
    one, other = leaves(was), leaves(now)
    for path in dict.fromkeys([*one, *other]):
        yield from changed(f"{what} {path}", _leaf(one, path), _leaf(other, path))


def _leaf(found: Mapping[str, object], path: str) -> str | None:
    return spelled(found[path]) if path in found else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else spelled(value)


def _name(item: Item) -> str:
    return f"#{item.moment.number} {item.moment.meaning.kind}"


def _spelled(item: Item) -> str:
    return _text(item.folded)
