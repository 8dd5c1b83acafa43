"""`timeline`: a waterfall, row by row in the order in which things happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sseproxy.analysis.lint import Finding
from sseproxy.analysis.timeline import Lane, Row, Scene, What, came_late
from sseproxy.console.findings import SEVERITIES
from sseproxy.console.table import Part, ending_text, joined, seconds, when
from sseproxy.exchange import Ending
from sseproxy.printable import counted, printable, printable_bytes, readable

_LANES = ("cyan", "magenta", "blue", "green", "yellow", "bright_cyan", "bright_magenta", "bright_blue")
_KIND = 20
"""Columns that a kind may take; a longer one pushes its own row's text."""
_PIPE = 100
"""Columns to lay out for where there is no terminal; there only what nobody would read is cut."""
_ROOMY = 30
"""Columns of text from which on there is room for more than the text."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Columns of a scene's table."""

    duration: int
    """Of the scene, in microseconds, and at least one."""
    lane: int
    at: int
    gap: int
    bar: int
    number: int
    kind: int
    text: int | None
    """None: as long as it is."""


def waterfall(scene: Scene, width: int | None) -> Iterator[Text]:
    """The lines of a scene, for so many columns; None: no terminal, to which texts are not fitted."""
    layout = _layout(scene, width)
    for line in _legend(scene):
        yield from _fitted(line, 3, width)
    yield Text()
    for line in chain([_heading(scene, layout)], _table(scene, layout, width)):
        if width:
            line.truncate(width, overflow="ellipsis")
        yield line


def _fitted(line: Text, indent: int, width: int | None) -> Iterator[Text]:
    """In as many lines as it takes: nobody is helped by the beginning of a reason."""
    if width is None or line.cell_len <= width or width <= 2 * indent:
        yield line
        return
    before = line[:indent]
    for part in line[indent:].wrap(Console(), width - indent):
        yield before.append_text(part)
        before = Text(" " * indent)


def _legend(scene: Scene) -> Iterator[Text]:
    if scene.idle is not None:
        yield Text(f"{seconds(scene.idle)} s later, in which nothing was open:", style="dim")
    if len(scene.lanes) > 1:
        told = f"session {printable(scene.session)}, {when(scene.wall)} UTC: "
        yield Text(told + counted(len(scene.lanes), "exchange"), style="bold")
    for index, lane in enumerate(scene.lanes):
        yield _title(lane, index)
        yield _ended(lane)
        if lane.kin:
            yield Text(f"   same {lane.same} as {', '.join(lane.kin)}", style="yellow")
        if gap := lane.longest:
            longest = f"   longest gap {seconds(gap.length)} s: {came_late(gap.before, gap.after)}"
            yield Text(longest, style="dim")
        for finding in lane.findings:
            yield _finding(finding, 3)


def _title(lane: Lane, index: int) -> Text:
    request = lane.story.exchange.request
    asked = f"{printable(request.method)} {printable_bytes(request.target)}" if request else "no request"
    return Text().append(f"{lane.letter}  ", style=_colour(index)).append(asked, style="bold")


def _ended(lane: Lane) -> Text:
    exchange = lane.story.exchange
    line = Text(f"   {exchange.response.status}, " if exchange.response else "   no response, ")
    if lane.story.stream.is_stream:
        line.append(f"{lane.story.dialect.name}, {counted(len(lane.story.heard), 'event')}, ")
    line.append_text(ending_text(exchange.ending)).append(f" after {seconds(exchange.duration)} s")
    if heard := lane.story.heard:
        line.append(f", first event at {seconds(heard[0].t)} s")
    return line


def _layout(scene: Scene, width: int | None) -> _Layout:
    lane = max(len(each.letter) for each in scene.lanes) + 2
    at = len(seconds(scene.duration)) + 2
    gap, number, kind = len("GAP ms"), 0, 0
    for row in scene.rows:
        gap = max(gap, len(_gap(row)))
        number = max(number, len(_number(row)))
        kind = max(kind, len(_kind(row)))
    gap, number, kind = gap + 2, number + 2, min(_KIND, kind) + 2
    free = (width or _PIPE) - (lane + at + gap + number + 2 + kind)
    bar = max(10, min(60, free * 2 // 5))
    duration = max(1, scene.duration)
    return _Layout(duration, lane, at, gap, bar, number, kind, max(8, free - bar) if width else None)


def _heading(scene: Scene, layout: _Layout) -> Text:
    ruler = "0" + f"{seconds(scene.duration)} s".rjust(layout.bar - 1)
    line = " " * layout.lane + "AT s".rjust(layout.at - 2) + "  " + "GAP ms".rjust(layout.gap - 2) + "  "
    return Text(f"{line}{ruler}{'#'.rjust(layout.number)}  {'KIND'.ljust(layout.kind)}TEXT", style="dim")


def _table(scene: Scene, layout: _Layout, width: int | None) -> Iterator[Text]:
    for row in scene.rows:
        for line in _before(scene, row, layout):
            yield from _fitted(line, layout.lane, width)
        yield _line(scene, row, layout)
        for finding in row.findings:
            yield from _fitted(_finding(finding, layout.lane), layout.lane, width)
        if _has_detail(row) and not _holds_detail(row, layout):
            yield from _fitted(Text(" " * layout.lane + row.detail), layout.lane, width)


def _has_detail(row: Row) -> bool:
    """Whether there is anything to say of an ending that its findings do not say."""
    return bool(row.detail) and not row.findings


def _holds_detail(row: Row, layout: _Layout) -> bool:
    """Whether it has room in the row itself."""
    return layout.text is None or cell_len(f"{row.text}; {row.detail}") <= layout.text


def _before(scene: Scene, row: Row, layout: _Layout) -> Iterator[Text]:
    if row.warning:
        line = Text(scene.lanes[row.lane].letter.ljust(layout.lane), style=_colour(row.lane))
        yield line.append(row.warning, style="bold yellow")


def _line(scene: Scene, row: Row, layout: _Layout) -> Text:
    lane = scene.lanes[row.lane]
    parts: list[Part] = [
        (lane.letter.ljust(layout.lane), _colour(row.lane)),
        seconds(row.at).rjust(layout.at - 2) + "  ",
        (_gap(row).rjust(layout.gap - 2) + "  ", "bold yellow" if row.stall else "dim"),
        *_bar(lane, row, layout),
        (_number(row).rjust(layout.number) + "  ", "dim"),
        (_kind(row).ljust(layout.kind), _style(lane, row)),
    ]
    text = Text(_told(row), style="" if row.text else "dim")
    if _has_detail(row) and _holds_detail(row, layout):
        text.append(f"; {row.detail}")
    if row.events > 1 and (layout.text is None or layout.text >= _ROOMY):
        text = Text(f"gaps to {row.widest / 1e3:.1f} ms  ", style="dim").append_text(text)
    if layout.text is not None:
        text.truncate(layout.text, overflow="ellipsis")
    line = joined([*parts, text])
    line.rstrip()
    return line


def _told(row: Row) -> str:
    text = readable(row.text)
    if row.what is What.EVENT and row.text:
        return f"“{text}”"
    return "  ".join(filter(None, [text, readable(row.data)]))


def _bar(lane: Lane, row: Row, layout: _Layout) -> list[Part]:
    """The time that the exchange was open as a thin line, and on it what the row tells of."""
    style = _style(lane, row)
    bar: list[Part] = []
    width = layout.bar
    size = 0

    def column(at: int) -> int:
        return min(width - 1, at * width // layout.duration)

    def fill(to: int, filler: str, style: str = "dim") -> None:
        nonlocal size
        if to > size:
            bar.append((filler * (to - size), style))
            size = to

    fill(column(lane.began), " ")
    if row.stall:
        fill(column(row.at - row.stall.length), "─")
        fill(column(row.at), "░", "yellow")
    fill(column(row.at), "─")
    bar.append((_mark(row), style))
    size += 1
    fill(column(row.until) + 1, "━", style)
    fill(column(lane.ended) + 1, "─")
    fill(width, " ")
    return bar


def _mark(row: Row) -> str:
    match row.what:
        case What.REQUEST:
            return "►"
        case What.HEAD:
            return "┤"
        case What.UNHEARD:
            return "○"
        case What.NOTE:
            return "✎"
        case What.END:
            return "■"
        case What.EVENT:
            return "━" if row.events > 1 else "●"


def _style(lane: Lane, row: Row) -> str:
    dialect = lane.story.dialect
    if row.what is What.END:
        return "green" if Ending(row.kind).whole else "red"
    if row.findings or row.kind in dialect.errors:
        return "red"
    if row.what is not What.EVENT:
        return "dim"
    return "green" if row.kind in dialect.tokens else "cyan"


def _finding(finding: Finding, indent: int) -> Text:
    rule = finding.rule
    more = f" (and {finding.more} more)" if finding.more else ""
    told = f"{rule.code} {rule.name}: {printable(finding.message)}{more}"
    return Text(" " * indent + told, style=SEVERITIES[rule.severity])


def _gap(row: Row) -> str:
    return "" if row.gap is None else f"+{row.gap / 1e3:.1f}"


def _number(row: Row) -> str:
    if not row.first:
        return ""
    return str(row.first) if row.first == row.last else f"{row.first}-{row.last}"


def _kind(row: Row) -> str:
    return printable(row.kind) + (f" x{row.events}" if row.events > 1 else "")


def _colour(index: int) -> str:
    return _LANES[index % len(_LANES)]
