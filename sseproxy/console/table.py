"""What all that is printed shares: the console, columns, colours of endings, the spelling of times."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from sseproxy.printable import printable

_WIDEST = 80  # what is longer stands out of its column, and does not push all the others


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # whoever read our output has gone: for the command line to deal with


def stdout() -> Console:
    """The console for results: colours in a terminal only, lines neither cut nor folded."""
    return _Console(file=sys.stdout, highlight=False, soft_wrap=True)


def seconds(t: int) -> str:
    """Microseconds as seconds, to the millisecond: a person reads no further."""
    return f"{t / 1e6:.3f}"


def ending_text(ending: str) -> Text:
    style = {"clean": "green", "eof_unframed": "green", "recording": "yellow"}.get(ending, "red")
    return Text(ending, style=style)


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


def when(wall: str) -> str:
    """RFC 3339 to the second; what is no such text stays as it is."""
    try:
        return datetime.fromisoformat(wall).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return printable(wall)
