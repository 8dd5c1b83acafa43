"""When it came: the waits, how gaps spread, stalls, and heartbeats, which a timer sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sseproxy.analysis.diff.change import Change, changed
from sseproxy.analysis.gaps import Gap
from sseproxy.analysis.stats import stats
from sseproxy.analysis.story import Story

NOTABLE = 0.1
"""Share by which a time has to differ to be told of; no two runs take the same time."""
LEAST = 5_000
"""And microseconds: asyncio, a socket and a scheduler are good for that much."""

Figures = dict[str, int | None]


def timing(was: Story, now: Story) -> Iterator[Change]:
    ours, theirs = _figures(was), _figures(now)
    if _first_token(was) != _first_token(now):
        del ours["first token"]  # another event is the first one: content or order, and they tell of it
    for name in ours:
        one, other = ours[name], theirs[name]
        # Whether there is such a thing at all is content.
        if one is not None and other is not None and notable(one, other):
            yield Change(name, _seconds(one), _seconds(other))
    yield from _stalls(was.survey.stalls, now.survey.stalls)
    yield from changed("heartbeats", was.survey.heartbeats, now.survey.heartbeats)


def notable(one: int, other: int) -> bool:
    return abs(one - other) >= max(LEAST, NOTABLE * max(one, other))


def _figures(story: Story) -> Figures:
    figures = stats(story)
    spread = figures.spread
    response = story.exchange.response
    return {
        "head": response.t if response else None,
        "first event": figures.first_event,
        "first token": figures.first_token,
        "gap p50": spread.p50 if spread else None,
        "gap p90": spread.p90 if spread else None,
        "gap p99": spread.p99 if spread else None,
        "gap max": spread.max if spread else None,
        "end": figures.duration,
    }


def _first_token(story: Story) -> int | None:
    return next((each.number for each in story.heard if each.meaning.kind in story.dialect.tokens), None)


def _stalls(was: Sequence[Gap], now: Sequence[Gap]) -> Iterator[Change]:
    ours = {gap.after.number: gap.length for gap in was}
    theirs = {gap.after.number: gap.length for gap in now}
    for number in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(number), theirs.get(number)
        if one is None or other is None or notable(one, other):
            yield Change(f"stall before #{number}", _or_none(one), _or_none(other))


def _or_none(microseconds: int | None) -> str | None:
    return None if microseconds is None else _seconds(microseconds)


def _seconds(microseconds: int) -> str:
    return f"{microseconds / 1e6:.3f} s"
