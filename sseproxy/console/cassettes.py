"""`ls` and `show`: cassettes as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial

from rich.text import Text

from sseproxy.again import Again
from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.console.table import Cells, columns, ending_text, joined, seconds, when
from sseproxy.exchange import Arrival, Exchange, header
from sseproxy.printable import counted, printable, printable_bytes, readable
from sseproxy.sse import Event


def listing(rows: Sequence[Cells]) -> Iterator[Text]:
    """`ls`: a line a cassette, under the names of what `listed` tells of each."""
    titles = ("WHEN (UTC)", "REQUEST", "STATUS", "EVENTS", "FIRST s", "LAST s", "ENDING", "ID")
    return columns(titles, titles[2:6], rows)


def listed(exchange: Exchange, stream: Stream, ending: str) -> Cells:
    """A cassette in the list. `ending` is its own, or `recording`."""
    request = exchange.request
    target = printable_bytes(request.target) if request else ""
    return [
        when(exchange.head.wall),
        f"{printable(request.method)} {target}" if request else "-",
        str(exchange.response.status) if exchange.response else "-",
        str(len(stream.dispatched)) if stream.is_stream else "-",
        seconds(stream.dispatched[0].t) if stream.dispatched else "-",
        seconds(exchange.duration),
        ending_text(ending),
        printable(exchange.head.id),
    ]


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
