"""What is told of all events of a stream together, for which they are gone through once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sseproxy.analysis.gaps import Gap, Silences
from sseproxy.analysis.moment import Moment
from sseproxy.dialects import COMMENT, Ids


class Survey(NamedTuple):
    ids: Ids
    """Those that events name, each once, as they are met."""
    last: Moment | None
    """The last event that a listener sees."""
    longest: Gap | None
    """The first of the longest gaps."""
    stalls: tuple[Gap, ...]
    """The gaps of a second or more that are also ten times the stream's median gap."""
    heartbeats: int
    """Comments between events; one inside an event is how that is written."""
    retries: tuple[int, ...]
    """The reconnection times that are asked for, in ms."""
    goes_back: bool
    """Whether an event bears an earlier time than one before it."""


def survey(moments: Iterable[Moment]) -> Survey:
    ids: dict[tuple[str, str], None] = {}
    silences = Silences[Moment]()
    retries: list[int] = []
    heartbeats = 0
    goes_back = False
    t = 0
    for moment in moments:
        if moment.t < t:
            goes_back = True
        t = moment.t
        if moment.meaning.ids:
            ids.update(dict.fromkeys(moment.meaning.ids))
        if moment.event.retry is not None:
            retries.append(moment.event.retry)
        heartbeats += moment.meaning.kind == COMMENT
        if moment.number:
            silences.hear(t, moment)
    longest = silences.longest
    return Survey(
        ids=tuple(ids),
        last=silences.last[1] if silences.last else None,
        longest=Gap(*longest[:2]) if longest else None,
        stalls=tuple(Gap(before, after) for before, after, _ in silences.stalls()),
        heartbeats=heartbeats,
        retries=tuple(retries),
        goes_back=goes_back,
    )
