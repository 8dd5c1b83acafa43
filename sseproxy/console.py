"""What a person sees in a terminal. Nothing else of the package knows of colours or columns."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.exchange import Ending, Exchange, header

_PIPE_WIDTH = 100_000  # a pipe has no edge: nothing is cut or folded for one
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_GOOD = frozenset({Ending.CLEAN, Ending.EOF_UNFRAMED})


def stdout() -> Console:
    """The console for results: colours and the window's width in a terminal, neither in a pipe."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def safe(text: str) -> str:
    """Text from the wire with its control characters spelled out, so that it can't drive a terminal."""
    return _CONTROL.sub(lambda found: _NAMED.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def bytes_text(data: bytes) -> str:
    """Bytes of a head for the eye."""
    return safe(data.decode("utf-8", "backslashreplace"))


def seconds(t: int) -> str:
    """Microseconds as seconds, to the millisecond: a person reads no further."""
    return f"{t / 1e6:.3f}"


def ending_text(ending: str) -> Text:
    return Text(ending, style="green" if ending in _GOOD else "yellow" if ending == "recording" else "red")


def listing(rows: Iterable[tuple[Exchange, Stream, str]]) -> Table:
    """`ls`: a line a cassette. The last item of a row is its ending, or `recording`."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("WHEN (UTC)", "left"),
        ("REQUEST", "left"),
        ("STATUS", "right"),
        ("EVENTS", "right"),
        ("FIRST s", "right"),
        ("LAST s", "right"),
        ("ENDING", "left"),
        ("ID", "left"),
    ):
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=name != "REQUEST")
    for exchange, stream, ending in rows:
        request = exchange.request
        first = stream.dispatched[0].t if stream.dispatched else None
        table.add_row(
            when(exchange.head.wall),
            f"{request.method} {bytes_text(request.target)}" if request else "-",
            str(exchange.response.status) if exchange.response else "-",
            str(len(stream.dispatched)) if stream.is_stream else "-",
            seconds(first) if first is not None else "-",
            seconds(exchange.duration),
            ending_text(ending),
            exchange.head.id,
        )
    return table


def when(wall: str) -> str:
    """RFC 3339 to the second; what is no such text stays as it is."""
    try:
        return datetime.fromisoformat(wall).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return safe(wall)


def print_exchange(console: Console, exchange: Exchange, stream: Stream, ending: str) -> None:
    """`show`: the head, a line an event (an arrival, where the body is no event stream), the ending."""
    request, response = exchange.request, exchange.response
    title = f"{request.method} {bytes_text(request.target)}" if request else "no request was recorded"
    console.print(Text(title, style="bold"))
    head = exchange.head
    console.print(
        Text(f"  recorded {safe(head.wall)} by {safe(head.by)} from {safe(head.upstream)}", style="dim")
    )
    if request and request.body:
        size = len(request.body)
        console.print(Text(f"  asked    {_preview(request.body.decode('utf-8', 'replace'))} ({size} bytes)"))
    if response:
        kind = header(response.headers, b"content-type")
        told = [f"{response.status} {bytes_text(response.reason)}".strip(), str(response.framing)]
        told += [bytes_text(kind)] if kind else []
        console.print(Text(f"  answered {', '.join(told)} after {seconds(response.t)} s"))
    console.print()
    if stream.is_stream:
        console.print(_events(stream.events))
    elif exchange.arrivals:
        console.print(_arrivals(exchange))
    console.print(_closing(exchange, stream, ending))


def _events(events: Iterable[TimedEvent]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("#", "AT s", "GAP ms"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("EVENT", no_wrap=True)
    table.add_column("DATA", overflow="fold")
    before, number = 0, 0
    for timed in events:
        event = timed.event
        number += event.dispatched
        extra = [f": {safe(comment.strip())}" for comment in event.comments]
        extra += [f"id {safe(event.id)}"] if event.id and event.dispatched else []
        extra += [f"retry {event.retry} ms"] if event.retry is not None else []
        data = Text(safe(event.data)) if event.dispatched else Text("")
        if extra:
            data.append(("  " if event.dispatched else "") + "  ".join(extra), style="dim")
        table.add_row(
            str(number) if event.dispatched else "",
            seconds(timed.t),
            f"{(timed.t - before) / 1e3:.1f}",
            Text(safe(event.type), style="cyan") if event.dispatched else Text("(none)", style="dim"),
            data,
        )
        before = timed.t
    return table


def _arrivals(exchange: Exchange) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("AT s", "BYTES"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("BODY", overflow="fold")
    for t, data in exchange.arrivals:
        table.add_row(seconds(t), str(len(data)), Text(_preview(data.decode("utf-8", "replace"))))
    return table


def _closing(exchange: Exchange, stream: Stream, ending: str) -> Text:
    text = ending_text(ending)
    end = exchange.end
    if end and end.client_left:
        text.append(" (the client left after the last event)")
    text.append(f" after {seconds(exchange.duration)} s: ")
    if stream.is_stream:
        text.append(f"{len(stream.dispatched)} events, ")
    text.append(f"{len(exchange.body)} bytes in {len(exchange.arrivals)} reads")
    if stream.unfinished:
        text.append(f"; {stream.unfinished} bytes of an unfinished event at the end")
    if end and end.detail:
        text.append(f"\n{safe(end.detail)}")
    if stream.problem:
        text.append(f"\n{stream.problem}", style="red")
    return text


def _preview(text: str, limit: int = 2_000) -> str:
    return safe(text if len(text) <= limit else text[:limit] + "…")
