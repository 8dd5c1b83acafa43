"""How it was sent: heads, framing, the form of events, read boundaries, the ending."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from sseproxy.analysis.body import plain_body
from sseproxy.analysis.diff.alignment import Alignment
from sseproxy.analysis.diff.change import Change, changed
from sseproxy.analysis.diff.content import joined
from sseproxy.analysis.diff.folding import Folding
from sseproxy.analysis.stats import stats
from sseproxy.analysis.story import Story
from sseproxy.exchange import Headers
from sseproxy.printable import counted
from sseproxy.sse.parser import BOM

_ABOUT_HERE = frozenset({"host", "content-length"})
"""Fields of a request that say where the proxy listens and how long the body is."""
_FACTOR = 1.5
"""How many times more events a read has to bring on average: what shares a read is chance."""


def wire(was: Story, now: Story, alignment: Alignment) -> Iterator[Change]:
    yield from _requests(was, now)
    yield from _responses(was, now)
    yield from changed("dialect", _dialect(was), _dialect(now))
    yield from _forms(was, now)
    yield from _pieces(alignment)
    yield from _reads(was, now)
    yield from changed("retry", _retries(was), _retries(now))
    yield from _endings(was, now)


def _requests(was: Story, now: Story) -> Iterator[Change]:
    one, other = was.exchange.request, now.exchange.request
    yield from changed("request version", one and one.version, other and other.version)
    ours = _fields(one.headers if one else (), Folding(was, uuids=False), _ABOUT_HERE)
    theirs = _fields(other.headers if other else (), Folding(now, uuids=False), _ABOUT_HERE)
    yield from _headers("request header", ours, theirs)
    ours = _fields(one.trailers if one else (), Folding(was, uuids=False), frozenset())
    theirs = _fields(other.trailers if other else (), Folding(now, uuids=False), frozenset())
    yield from _headers("request trailer", ours, theirs)


def _responses(was: Story, now: Story) -> Iterator[Change]:
    one, other = was.exchange.response, now.exchange.response
    yield from changed("status", one and one.status, other and other.status)
    if one is None or other is None:
        return
    yield from changed("reason", _text(one.reason), _text(other.reason))
    yield from changed("version", one.version, other.version)
    yield from changed("framing", one.framing, other.framing)
    # Of another body a length is another, and not the thing that differs.
    same_length = was.exchange.size == now.exchange.size
    left_out = frozenset() if same_length else frozenset({"content-length"})
    ours = _fields(one.headers, Folding(was), left_out)
    theirs = _fields(other.headers, Folding(now), left_out)
    yield from _headers("header", ours, theirs)


Fields = dict[str, list[tuple[str, str]]]


def _fields(headers: Headers, folding: Folding, left_out: frozenset[str]) -> Fields:
    """(name as sent, value) by lower-case name, what is fresh folded."""
    found: Fields = {}
    for name, value in headers:
        low = _text(name).lower()
        if low not in left_out:
            found.setdefault(low, []).append((_text(name), folding.field(low, _text(value))))
    return found


def _headers(what: str, was: Fields, now: Fields) -> Iterator[Change]:
    for low in dict.fromkeys([*was, *now]):
        if was.get(low) != now.get(low):
            name = (was.get(low) or now[low])[0][0]
            yield Change(f"{what} {name}", _values(was.get(low)), _values(now.get(low)))
    if list(was) != list(now) and was == now:
        yield Change(f"order of {what}s", ", ".join(was), ", ".join(now))


def _values(fields: list[tuple[str, str]] | None) -> str | None:
    return None if fields is None else ", ".join(f"{name}: {value}" for name, value in fields)


def _dialect(story: Story) -> str | None:
    return story.dialect.name if story.heard else None


def _forms(was: Story, now: Story) -> Iterator[Change]:
    """How lines are written, whatever they say: names of fields, the space behind the colon, line ends."""
    ours, theirs = _forms_of(was), _forms_of(now)
    if ours and theirs:
        yield from changed("form of lines", _listed(ours - theirs), _listed(theirs - ours))


def _forms_of(story: Story) -> set[str]:
    """`data: …\\n` for each line that has the form, however many have."""
    if not story.heard:
        return set()
    body = plain_body(story.exchange)
    found = {b"BOM"} if body.startswith(BOM) else set()
    for _, event, _ in story.stream.dispatched:
        for line in body[event.start : event.stop].removeprefix(BOM).splitlines(keepends=True):
            content = line.rstrip(b"\r\n")
            name, colon, value = content.partition(b":")
            space = b" " if value.startswith(b" ") else b""
            found.add(name + colon + (space + b"..." if value else b"") + line[len(content) :])
    return {repr(form.decode("utf-8", "backslashreplace"))[1:-1] for form in found}


def _listed(forms: set[str]) -> str | None:
    return "  ".join(sorted(forms)) or None


def _pieces(alignment: Alignment) -> Iterator[Change]:
    """The same text in another number of events."""
    if alignment.same_events:
        return
    was, now = joined(alignment.was), joined(alignment.now)
    for kind in was:
        if was[kind] == now.get(kind):
            ours = sum(each.moment.meaning.kind == kind for each in alignment.was)
            theirs = sum(each.moment.meaning.kind == kind for each in alignment.now)
            yield from changed(f"events of {kind} for the same text", ours, theirs)


def _reads(was: Story, now: Story) -> Iterator[Change]:
    """Of the same bytes the boundaries; of others how many events share a read."""
    if was.exchange.body == now.exchange.body:
        ours, theirs = _cuts(was), _cuts(now)
        if ours != theirs:
            first = min(set(ours) ^ set(theirs))
            yield Change("read boundaries", _cut(ours, first), _cut(theirs, first))
        return
    one, other = stats(was).events_per_read, stats(now).events_per_read
    if one and other and max(one, other) >= _FACTOR * min(one, other):
        yield Change("events a read", f"{one:.2f}", f"{other:.2f}")


def _cuts(story: Story) -> list[int]:
    return list(accumulate(len(data) for _, data in story.exchange.arrivals))


def _cut(cuts: list[int], first: int) -> str:
    return f"{counted(len(cuts), 'read')}, {'one' if first in cuts else 'none'} ends behind byte {first}"


def _retries(story: Story) -> str | None:
    return ", ".join(map(str, story.survey.retries)) or None


def _endings(was: Story, now: Story) -> Iterator[Change]:
    yield from changed("ending", was.exchange.ending, now.exchange.ending)
    one, other = was.exchange.end, now.exchange.end
    if one and other:
        yield from changed("client left early", one.client_left, other.client_left)
        ours = _fields(one.trailers, Folding(was), frozenset())
        theirs = _fields(other.trailers, Folding(now), frozenset())
        yield from _headers("trailer", ours, theirs)
    yield from changed("bytes of an unfinished event", was.stream.unfinished, now.stream.unfinished)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
