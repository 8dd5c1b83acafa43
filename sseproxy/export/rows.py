"""A row for each event: CSV and JSON Lines, for DuckDB, pandas and jq."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import orjson

from sseproxy.analysis.moment import Moment
from sseproxy.analysis.story import Story, read_story
from sseproxy.dialects import DIALECTS, Dialect
from sseproxy.exchange import Exchange

Row = dict[str, object]
Sources = Iterable[tuple[str, Exchange]]


def rows(name: str, story: Story) -> Iterator[Row]:
    """All events in order, those too that no listener sees. Times are in microseconds."""
    before = 0
    for moment in story.moments:
        yield _row(name, story, moment, moment.t - before)
        before = moment.t


def _row(name: str, story: Story, moment: Moment, gap: int) -> Row:
    exchange, event = story.exchange, moment.event
    request, response = exchange.request, exchange.response
    return {
        "cassette": name,
        "id": exchange.head.id,
        "session": exchange.head.session,
        "wall": exchange.head.wall,
        "method": request.method if request else None,
        "target": request.target.decode("utf-8", "backslashreplace") if request else None,
        "status": response.status if response else None,
        "ending": exchange.ending,
        "dialect": story.dialect.name,
        "number": moment.number or None,
        "t": moment.t,
        "session_t": exchange.head.session_t + moment.t,
        "gap": gap,
        "read": moment.read,
        "kind": moment.meaning.kind,
        "text": moment.meaning.text,
        "event": event.type if event.dispatched else None,
        "data": event.data if event.dispatched else None,
        "event_id": event.id,
        "retry": event.retry,
        "comment": "\n".join(event.comments) if event.comments else None,
        "start": event.start,
        "stop": event.stop,
    }


def jsonl(sources: Sources, dialects: Sequence[Dialect] = DIALECTS) -> Iterator[bytes]:
    for name, exchange in sources:
        for row in rows(name, read_story(exchange, dialects)):
            yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def as_csv(sources: Sources, dialects: Sequence[Dialect] = DIALECTS) -> Iterator[bytes]:
    """RFC 4180 with LF, and a heading even where there is no event. What is missing is an empty cell."""
    yield csv_line(_TITLES)
    for name, exchange in sources:
        for row in rows(name, read_story(exchange, dialects)):
            yield csv_line(row.values())


_TITLES = (
    *("cassette", "id", "session", "wall", "method", "target", "status", "ending", "dialect"),
    *("number", "t", "session_t", "gap", "read", "kind", "text"),
    *("event", "data", "event_id", "retry", "comment", "start", "stop"),
)


def csv_line(cells: Iterable[object]) -> bytes:
    """A line of CSV; truth is spelled as in JSON."""
    text = io.StringIO()
    spelled = [str(cell).lower() if isinstance(cell, bool) else cell for cell in cells]
    csv.writer(text, lineterminator="\n").writerow(spelled)
    return text.getvalue().encode()
