"""`ls` and `show`: cassettes as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from rich.text import Text

from sseproxy.again import Again
from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.console.table import (
    WIDEST,
    Cells,
    Column,
    columns,
    ending_text,
    joined,
    row,
    row_width,
    seconds,
    when,
    width_of,
)
from sseproxy.exchange import Arrival, Ending, Exchange, Request, header
from sseproxy.printable import counted, printable, printable_bytes, readable
from sseproxy.sse import Event

_WHEN, _REQUEST, _STATUS, _EVENTS, _FIRST, _LAST, _ENDING, _ID = (
    Column("WHEN (UTC)", 19),
    Column("REQUEST", 0),
    Column("STATUS", 6, right=True),
    Column("EVENTS", 6, right=True),
    Column("FIRST s", 7, right=True),
    Column("LAST s", 7, right=True),
    Column("ENDING", max(map(len, Ending))),
    Column("ID", 16),
)


class Listing:
    """`ls`: a cassette's line can be printed before the next is read, for all requests were seen before."""

    def __init__(self, terminal: int | None) -> None:
        """`terminal`: columns of the window; None: there is none."""
        self._terminal = terminal
        self._request = len(_REQUEST.title)

    def expect(self, request: Request | None) -> None:
        """A request for which there is to be room."""
        self._request = min(WIDEST, max(self._request, width_of(_asked(request))))

    def _columns(self) -> tuple[Column, ...]:
        request = _REQUEST._replace(width=self._request)
        wide = (_WHEN, request, _STATUS, _EVENTS, _FIRST, _LAST, _ENDING, _ID)
        if self._terminal is None or row_width(wide) <= self._terminal:
            return wide
        return (_WHEN, _STATUS, _EVENTS, _LAST, _ID, _ENDING)  # the request in a line of its own

    def heading(self) -> Text:
        columns = self._columns()
        return row(columns, [Text(column.title, style="dim") for column in columns])

    def lines(self, exchange: Exchange, stream: Stream, ending: str) -> Iterator[Text]:
        """One, or two in a narrow window. `ending` is the cassette's own, or `recording`."""
        asked = Text(_asked(exchange.request))
        if self._terminal:
            asked.truncate(self._request, overflow="ellipsis")
        cells: dict[str, str | Text] = {
            _WHEN.title: when(exchange.head.wall),
            _REQUEST.title: asked,
            _STATUS.title: str(exchange.response.status) if exchange.response else "-",
            _EVENTS.title: str(len(stream.dispatched)) if stream.is_stream else "-",
            _FIRST.title: seconds(stream.dispatched[0].t) if stream.dispatched else "-",
            _LAST.title: seconds(exchange.duration),
            _ENDING.title: ending_text(ending),
            _ID.title: printable(exchange.head.id),
        }
        columns = self._columns()
        yield row(columns, [cells[column.title] for column in columns])
        if self._terminal and columns[-1] is _ENDING:
            line = Text(f"  {_asked(exchange.request)}")
            line.truncate(self._terminal, overflow="ellipsis")
            yield line


def _asked(request: Request | None) -> str:
    return f"{printable(request.method)} {printable_bytes(request.target)}" if request else "-"


def miss_lines(lines: Iterable[str]) -> Iterator[Text]:
    """A miss, line by line: what was recorded in red, what was asked in green, as in a diff."""
    for number, line in enumerate(lines):
        told = line.strip()
        style = "red" if told.startswith("recorded: ") else "green" if told.startswith("asked: ") else ""
        yield Text(line, style="bold" if number == 0 else style)


def showing(exchange: Exchange, stream: Stream, ending: str) -> Iterator[Text]:
    """`show`: the head, a line an event (an arrival, where the body is no event stream), the ending."""
    request, response = exchange.request, exchange.response
    head = exchange.head
    title = "no request was recorded"
    if request:
        title = f"{printable(request.method)} {printable_bytes(request.target)}"
    yield Text(title, style="bold")
    origin = f"  recorded {printable(head.wall)} by {printable(head.by)} from {printable(head.upstream)}"
    yield Text(origin, style="dim")
    if request and request.body:
        size = counted(len(request.body), "byte")
        yield Text(f"  asked    {_preview(request.body)} ({size})")
    if response:
        kind = header(response.headers, b"content-type")
        told = [f"{response.status} {printable_bytes(response.reason)}".strip(), str(response.framing)]
        told += [printable_bytes(kind)] if kind else []
        yield Text(f"  answered {', '.join(told)} after {seconds(response.t)} s")
    for note in exchange.notes:
        yield Text(f"  note     {printable(note.text)} (at {seconds(note.t)} s)", style="yellow")
    yield Text()
    if stream.events:
        rows = Again(partial(_events, stream.events), len(stream.events))
        yield from columns(("#", "AT s", "GAP ms", "EVENT", "DATA"), ("#", "AT s", "GAP ms"), rows)
    elif exchange.arrivals and not stream.is_stream:
        rows = Again(partial(_pieces, exchange.arrivals), len(exchange.arrivals))
        yield from columns(("AT s", "BYTES", "BODY"), ("AT s", "BYTES"), rows)
    yield _closing(exchange, stream, ending)


def _pieces(arrivals: Iterable[Arrival]) -> Iterator[Cells]:
    return ([seconds(t), str(len(data)), _preview(data)] for t, data in arrivals)


def _events(events: Iterable[TimedEvent]) -> Iterator[Cells]:
    before = number = 0
    for t, event, _ in events:
        number += event.dispatched
        yield [
            str(number) if event.dispatched else "",
            seconds(t),
            f"{(t - before) / 1e3:.1f}",
            _kind(event.type) if event.dispatched else Text("(none)", style="dim"),
            _said(event),
        ]
        before = t


@lru_cache(64)
def _kind(type: str) -> Text:
    """Most events of a stream have the same."""
    return Text(printable(type), style="cyan")


def _said(event: Event) -> str | Text:
    extra = [f": {printable(comment.strip())}" for comment in event.comments]
    extra += [f"id {printable(event.id)}"] if event.id and event.dispatched else []
    extra += [f"retry {event.retry} ms"] if event.retry is not None else []
    data = printable(event.data) if event.dispatched else ""
    if not extra:
        return data
    return joined([data, (("  " if data else "") + "  ".join(extra), "dim")])


def _closing(exchange: Exchange, stream: Stream, ending: str) -> Text:
    text = ending_text(ending)
    end = exchange.end
    if end and end.client_left:
        text.append(" (the client left before the upstream was done)")
    text.append(f" after {seconds(exchange.duration)} s: ")
    if stream.is_stream:
        text.append(f"{counted(len(stream.dispatched), 'event')}, ")
    body = counted(exchange.size, "byte")
    text.append(f"{body} in {counted(len(exchange.arrivals), 'read')}")
    if stream.unfinished:
        text.append(f"; {counted(stream.unfinished, 'byte')} of an unfinished event at the end")
    if end and end.detail:
        text.append(f"\n{printable(end.detail)}")
    if stream.problem:
        text.append(f"\n{printable(stream.problem)}", style="red")
    return text


def _preview(body: bytes) -> str:
    return readable(body.decode("utf-8", "replace"))
