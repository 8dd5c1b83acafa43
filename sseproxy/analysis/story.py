"""An exchange with what its events mean: the common ground of timelines, differences and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sseproxy.analysis.events import Stream, read_stream
from sseproxy.dialects import DIALECTS, PLAIN, Dialect, Ids, Meaning, detect
from sseproxy.exchange import Exchange
from sseproxy.sse import Event


class Moment(NamedTuple):
    """An event, when it came and what it says."""

    number: int
    """Among the events that a listener sees, counted from 1; 0 for one that none sees."""
    t: int
    """Microseconds since the request's head was read."""
    read: int
    """The arrival that completed it, counted from 0."""
    event: Event
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Story:
    exchange: Exchange
    stream: Stream
    dialect: Dialect
    moments: tuple[Moment, ...]
    asked: Ids
    """The ids that the request names."""

    @property
    def heard(self) -> tuple[Moment, ...]:
        """The events that a listener sees."""
        return tuple(moment for moment in self.moments if moment.number)

    @property
    def last_silence(self) -> int:
        """Microseconds from the last event that a listener sees to the ending; 0 where there is none."""
        heard = self.heard
        return max(0, self.exchange.duration - heard[-1].t) if heard else 0

    @property
    def ids(self) -> frozenset[tuple[str, str]]:
        """What ties this exchange to others: the ids that it asks for and those of its whole stream."""
        named = (pair for moment in self.moments for pair in moment.meaning.ids)
        return frozenset(self.asked) | {pair for pair in named if pair[0] in self.dialect.constant}


def read_story(exchange: Exchange, dialects: Sequence[Dialect] = DIALECTS) -> Story:
    """The events with their meanings in the dialect that knows them; `dialects` are those asked, in order."""
    stream = read_stream(exchange)
    dialect = detect((timed.event for timed in stream.events), dialects)
    moments = []
    number = 0
    for timed in stream.events:
        number += timed.event.dispatched
        heard = number if timed.event.dispatched else 0
        moments.append(Moment(heard, timed.t, timed.read, timed.event, dialect.meaning(timed.event)))
    return Story(exchange, stream, dialect, tuple(moments), _asked(exchange, dialect, dialects))


def _asked(exchange: Exchange, dialect: Dialect, dialects: Sequence[Dialect]) -> Ids:
    """A stream in which nothing came tells no dialect: then whichever finds an id in the request is asked."""
    if exchange.request is None:
        return ()
    able = dialects if dialect is PLAIN else (dialect,)
    return next((ids for each in able if (ids := each.asked(exchange.request))), ())
