"""An exchange with what its events mean: the common ground of timelines, differences and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

from sseproxy.again import Again
from sseproxy.analysis.events import Stream, read_stream
from sseproxy.analysis.moment import Moment
from sseproxy.analysis.survey import Survey, survey
from sseproxy.dialects import DIALECTS, PLAIN, Dialect, Ids, detect
from sseproxy.exchange import Exchange


@dataclass(frozen=True)
class Story:
    exchange: Exchange
    stream: Stream
    dialect: Dialect
    moments: Sequence[Moment]
    """A tuple; of a long stream, what is read again each time it is gone through."""
    heard: Sequence[Moment]
    """The events that a listener sees."""
    asked: Ids
    """The ids that the request names."""

    @cached_property
    def survey(self) -> Survey:
        return survey(self.moments)

    @property
    def last_silence(self) -> int:
        """Microseconds from the last event that a listener sees to the ending; 0 where there is none."""
        last = self.survey.last
        return max(0, self.exchange.duration - last.t) if last else 0

    @property
    def named(self) -> Ids:
        """The ids that the request asks for and then those of all events, each once, as they are met."""
        return tuple(dict.fromkeys(chain(self.asked, self.survey.ids)))

    @property
    def ids(self) -> frozenset[tuple[str, str]]:
        """What ties this exchange to others: the ids that it asks for and those of its whole stream."""
        return frozenset(self.asked) | {pair for pair in self.named if pair[0] in self.dialect.constant}


def read_story(exchange: Exchange, dialects: Sequence[Dialect] = DIALECTS) -> Story:
    """The events with their meanings in the dialect that knows them; `dialects` are those asked, in order."""
    stream = read_stream(exchange)
    dialect = detect((timed.event for timed in stream.events), dialects)
    told = partial(_told, stream, dialect)
    moments: Sequence[Moment]
    heard: Sequence[Moment]
    if isinstance(stream.events, Again):
        moments = Again(told, len(stream.events))
        heard = Again(lambda: (moment for moment in told() if moment.number), len(stream.dispatched))
    else:
        moments = tuple(told())
        heard = tuple(moment for moment in moments if moment.number)
    return Story(exchange, stream, dialect, moments, heard, _asked(exchange, dialect, dialects))


def _told(stream: Stream, dialect: Dialect) -> Iterator[Moment]:
    number = 0
    for t, event, read in stream.events:
        number += event.dispatched
        yield Moment(number if event.dispatched else 0, t, read, event, dialect.meaning(event))


def _asked(exchange: Exchange, dialect: Dialect, dialects: Sequence[Dialect]) -> Ids:
    """A stream in which nothing came tells no dialect: then whichever finds an id in the request is asked."""
    if exchange.request is None:
        return ()
    able = dialects if dialect is PLAIN else (dialect,)
    return next((ids for each in able if (ids := each.asked(exchange.request))), ())
