"""`stats`: a line a stream, the sum of all, and how gaps spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import accumulate

from rich.text import Text

from sseproxy.analysis.gaps import Histogram
from sseproxy.analysis.stats import SHARES, Stats, Total
from sseproxy.analysis.story import Story
from sseproxy.console.table import columns, ending_text, seconds
from sseproxy.printable import counted, printable

# Widths are fixed, so that a line can be printed before the next cassette is read.
_COLUMNS = (
    ("EVENTS", 6),
    ("TOKENS", 7),
    ("FIRST s", 8),
    ("TOKEN s", 8),
    ("P50 ms", 8),
    ("P90 ms", 8),
    ("P99 ms", 8),
    ("MAX ms", 9),
    ("TOK/s", 7),
    ("B/s", 8),
    ("EV/READ", 8),
    ("STALLS", 7),
    ("LAST s", 8),
)
_BY_RANK = (
    *("EVENTS", "TOKEN s", "P50 ms", "MAX ms", "TOK/s", "STALLS"),  # fill a window of 80 columns
    *("P99 ms", "LAST s", "P90 ms", "FIRST s", "TOKENS", "EV/READ", "B/s"),
)
"""A window that is too narrow for all has as many of these as fit."""
_ENDING = 16
_ID = 16
_BAR = 40
"""Columns of the longest bar."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def stats_heading(window: int | None) -> Text:
    """`window`: its columns; None: there is none, and all is shown."""
    cells = _row([title for title, _ in _COLUMNS], window)
    return Text(f"{cells}  {'ENDING'.ljust(_ENDING)}ID", style="dim")


def _row(cells: Sequence[str], window: int | None) -> str:
    shown = _fitting(window)
    columns = zip(cells, _COLUMNS, strict=True)
    return "".join(cell.rjust(width) for cell, (title, width) in columns if title in shown)


@cache
def _fitting(window: int | None) -> Collection[str]:
    """The titles of the figures that there is room for."""
    if window is None:
        return _BY_RANK
    widths = dict(_COLUMNS)
    taken = accumulate(map(widths.__getitem__, _BY_RANK), initial=2 + _ENDING + _ID)
    return _BY_RANK[: max(0, sum(1 for size in taken if size <= window) - 1)]


def stats_line(story: Story, figures: Stats, window: int | None) -> Text:
    """A response that is no stream has no figures but its size in time. `window` as above."""
    spread = [_milliseconds(value) for value in figures.spread or ()] or ["-"] * 4
    cells = [
        str(figures.events),
        str(figures.tokens),
        _moment(figures.first_event),
        _moment(figures.first_token),
        *spread,
        _rate(figures.tokens_per_second),
        _rate(figures.bytes_per_second),
        f"{figures.events_per_read:.2f}" if figures.events_per_read else "-",
        str(figures.stalls),
        seconds(figures.duration),
    ]
    if not story.stream.is_stream:
        cells = ["-"] * (len(_COLUMNS) - 1) + [seconds(figures.duration)]
    line = Text(_row(cells, window))
    ending = ending_text(figures.ending)
    ending.pad_right(max(1, _ENDING - ending.cell_len))
    return line.append("  ").append_text(ending).append(printable(story.exchange.head.id))


def totalling(total: Total) -> Iterator[Text]:
    """The sum, and histograms of what a listener waited for."""
    endings = ", ".join(f"{count} {ending}" for ending, count in total.endings.most_common())
    yield Text(f"{counted(total.streams, 'stream')}: {endings or 'none'}", style="bold")
    if total.others:
        yield Text(f"{counted(total.others, 'response')} of another type not counted below", style="dim")
    if not total.streams:
        return
    share = f" ({total.events / total.reads_with_events:.2f} a read)" if total.reads_with_events else ""
    yield Text(
        f"{counted(total.events, 'event')}{share}, {counted(total.tokens, 'token')}, "
        f"{counted(total.bytes, 'byte')} in {counted(total.reads, 'read')}, {counted(total.stalls, 'stall')}"
    )
    yield Text()
    named = {
        "first event": total.first_events,
        "first token": total.first_tokens,
        "gap between events": total.gaps,
        "time per token": total.per_token,
        "whole stream": total.durations,
    }
    titles = [f"{name.upper()} ms" for name in (*SHARES, "max")]
    yield from columns(["", *titles], titles, [_spread(*each) for each in named.items() if len(each[1])])
    for title, histogram in (("gap between events", total.gaps), ("first token", total.first_tokens)):
        if len(histogram):
            yield Text()
            yield Text(title, style="bold")
            yield from bars(histogram)


def _spread(name: str, values: Histogram) -> list[str]:
    return [
        name,
        *(_milliseconds(values.percentile(share)) for share in SHARES.values()),
        _milliseconds(values.largest),
    ]


def bars(histogram: Histogram) -> Iterator[Text]:
    """A line a step, in steps of 1, 2 and 5, from the first that has any to the last."""
    counts: Counter[int] = Counter()
    limits = [0, *(digit * 10**power for power in range(2, 12) for digit in (1, 2, 5))]
    for value, count in histogram:
        counts[max(index for index, limit in enumerate(limits) if limit <= value)] += count
    most = max(counts.values())
    for index in range(min(counts), max(counts) + 1):
        behind = f"to {_limit(limits[index + 1])}" if index + 1 < len(limits) else "and more"
        line = Text(f"{f'{_limit(limits[index])} {behind}':>18}  ").append(
            _bar(counts[index] / most), style="cyan"
        )
        yield line.append(f" {counts[index]}" if counts[index] else "", style="dim")


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    whole, rest = divmod(max(eighths, 1 if share else 0), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _limit(microseconds: int) -> str:
    if microseconds >= 1_000_000:
        return f"{microseconds / 1e6:g} s"
    return f"{microseconds / 1e3:g} ms"


def _milliseconds(microseconds: int) -> str:
    return f"{microseconds / 1e3:.1f}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 10_000 else f"{value:.0f}"


def _moment(value: int | None) -> str:
    return "-" if value is None else seconds(value)
