"""`ls` and `show`: cassettes as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.console.table import columns, ending_text, seconds, when
from sseproxy.exchange import Exchange, header
from sseproxy.analysis.lint import Finding, Rule, Severity, link
from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.contract import Learned
from sseproxy.exchange import Exchange, Request, header
from sseproxy.printable import counted, printable, printable_bytes
from sseproxy.redaction import mask_target

_PREVIEW = 2_000  # characters of a body that is no event stream


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # whoever read our output has gone: for the command line to deal with


def stdout() -> Console:
    """The console for results: colours in a terminal only, lines neither cut nor folded."""
    return _Console(file=sys.stdout, highlight=False, soft_wrap=True)


def seconds(t: int) -> str:
    """Microseconds as seconds, to the millisecond: a person reads no further."""
    return f"{t / 1e6:.3f}"


def punctuality(request: Request, told: Punctuality) -> Text:
    """How late one replayed stream was."""
    target = printable_bytes(mask_target(request.target)[0])
    return _late(f"{request.method} {target}", told.lateness, told.drift)


def total_lateness(late: Lateness) -> Text:
    """How late all replayed streams together were."""
    return _late("all streams", late)


def _late(what: str, late: Lateness, drift: int | None = None) -> Text:
    return Text.assemble(f"{what:40}  {late.count:6} writes  ", (lateness_text(late, drift), "cyan"))


def lateness_text(late: Lateness, drift: int | None = None) -> str:
    """How late events were, and by how much more at the end of a stream; in milliseconds."""
    figures = (("p50", late.percentile(0.5)), ("p99", late.percentile(0.99)), ("max", late.worst))
    text = "  ".join(f"{name} {value / 1e3:.3f} ms" for name, value in figures)
    return text if drift is None else f"{text}  drift {drift / 1e3:+.3f} ms"


def ending_text(ending: str) -> Text:
    style = {"clean": "green", "eof_unframed": "green", "recording": "yellow"}.get(ending, "red")
    return Text(ending, style=style)


def finding(value: Finding) -> Iterator[Text]:
    """`lint`: where, how bad, what; then the other places that it speaks of."""
    rule, place = value.rule, value.place
    line = Text(f"{printable(place.cassette)}:{place.line}: ", style="bold")
    line.append(f"{rule.severity} ", style=_SEVERITIES[rule.severity])
    line.append(f"{rule.code} {rule.name}", style="cyan").append(f": {printable(value.message)}")
    if place.t is not None:
        line.append(f", at {seconds(place.t)} s", style="dim")
    if value.more:
        line.append(f" (and {value.more} more)", style="dim")
    yield line
    for other in value.others:
        yield Text(f"  {printable(other.cassette)}:{other.line}: the other stream", style="dim")


_SEVERITIES = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.ERROR: "red"}


def rule(value: Rule) -> Iterator[Text]:
    """Why a finding matters, and where more is said."""
    yield Text()
    yield Text(f"{value.code}  ", style="cyan").append(value.summary, style="default")
    yield Text(f"      {value.why}", style="dim")
    yield Text(f"      {link(value)}", style="dim")


def learned(dialect: str, value: Learned) -> Iterator[Text]:
    """`learn`: the contract as the configuration file takes it, and what it rests upon."""
    yield Text("[contracts]")
    yield Text(f'{dialect} = "{value.contract}"', style="bold")
    yield Text()
    titles = ("STREAMS", "AFTER", "CAME")
    cells = [
        [f"{streams}/{value.streams}", printable(before), printable(after)]
        for (before, after), streams in value.edges.items()
    ]
    yield from columns(titles, titles[:1], cells)


def columns(
    titles: Sequence[str], right: Sequence[str], rows: Sequence[Sequence[str | Text]]
) -> Iterator[Text]:
    """A table, line by line. `right` names the columns whose cells stand to the right."""
    table = [[Text(title, style="dim") for title in titles]]
    table += [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    widths = [min(_WIDEST, max(row[column].cell_len for row in table)) for column in range(len(titles))]
    for row in table:
        line = Text()
        for cell, title, width in zip(row, titles, widths, strict=True):
            padding = " " * (width - cell.cell_len)
            line.append("  " if line else "")
            if title in right:
                line.append(padding).append_text(cell)
            else:
                line.append_text(cell).append(padding)
        line.rstrip()
        yield line


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
