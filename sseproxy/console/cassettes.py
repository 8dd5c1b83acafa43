"""`ls` and `show`: cassettes as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.console.table import columns, ending_text, seconds, when
from sseproxy.exchange import Exchange, header
from sseproxy.printable import counted, printable, printable_bytes

_PREVIEW = 2_000  # characters of a body that is no event stream


def listing(rows: Iterable[tuple[Exchange, Stream, str]]) -> Iterator[Text]:
    """`ls`: a line a cassette. The last item of a row is its ending, or `recording`."""
    titles = ("WHEN (UTC)", "REQUEST", "STATUS", "EVENTS", "FIRST s", "LAST s", "ENDING", "ID")
    cells: list[list[str | Text]] = []
    for exchange, stream, ending in rows:
        request = exchange.request
        target = printable_bytes(request.target) if request else ""
        cells.append(
            [
                when(exchange.head.wall),
                f"{printable(request.method)} {target}" if request else "-",
                str(exchange.response.status) if exchange.response else "-",
                str(len(stream.dispatched)) if stream.is_stream else "-",
                seconds(stream.dispatched[0].t) if stream.dispatched else "-",
                seconds(exchange.duration),
                ending_text(ending),
                printable(exchange.head.id),
            ]
        )
    return columns(titles, titles[2:6], cells)


def miss(lines: Iterable[str]) -> Iterator[Text]:
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
        yield from _events(stream.events)
    elif exchange.arrivals and not stream.is_stream:
        cells = [[seconds(t), str(len(data)), _preview(data)] for t, data in exchange.arrivals]
        yield from columns(("AT s", "BYTES", "BODY"), ("AT s", "BYTES"), cells)
    yield _closing(exchange, stream, ending)


def _events(events: Iterable[TimedEvent]) -> Iterator[Text]:
    cells: list[list[str | Text]] = []
    before = number = 0
    for t, event in ((timed.t, timed.event) for timed in events):
        number += event.dispatched
        extra = [f": {printable(comment.strip())}" for comment in event.comments]
        extra += [f"id {printable(event.id)}"] if event.id and event.dispatched else []
        extra += [f"retry {event.retry} ms"] if event.retry is not None else []
        data = Text(printable(event.data) if event.dispatched else "")
        data.append(("  " if data and extra else "") + "  ".join(extra), style="dim")
        cells.append(
            [
                str(number) if event.dispatched else "",
                seconds(t),
                f"{(t - before) / 1e3:.1f}",
                Text(printable(event.type), style="cyan")
                if event.dispatched
                else Text("(none)", style="dim"),
                data,
            ]
        )
        before = t
    return columns(("#", "AT s", "GAP ms", "EVENT", "DATA"), ("#", "AT s", "GAP ms"), cells)


def _closing(exchange: Exchange, stream: Stream, ending: str) -> Text:
    text = ending_text(ending)
    end = exchange.end
    if end and end.client_left:
        text.append(" (the client left before the upstream was done)")
    text.append(f" after {seconds(exchange.duration)} s: ")
    if stream.is_stream:
        text.append(f"{counted(len(stream.dispatched), 'event')}, ")
    body = counted(len(exchange.body), "byte")
    text.append(f"{body} in {counted(len(exchange.arrivals), 'read')}")
    if stream.unfinished:
        text.append(f"; {counted(stream.unfinished, 'byte')} of an unfinished event at the end")
    if end and end.detail:
        text.append(f"\n{printable(end.detail)}")
    if stream.problem:
        text.append(f"\n{printable(stream.problem)}", style="red")
    return text


def _preview(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return printable(text if len(text) <= _PREVIEW else text[:_PREVIEW] + "…")
