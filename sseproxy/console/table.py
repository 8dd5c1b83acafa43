"""What all that is printed shares: the console, columns, colours of endings, the spelling of times."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Span, Text

from sseproxy.printable import printable

WIDEST = 80
"""Of a column: what is longer stands out of it, and does not push all the others."""


class Column(NamedTuple):
    """Of a table."""

    title: str
    width: int
    right: bool = False
    """Whether its cells stand to the right."""


Cells = Sequence[str | Text]
"""A row of a table."""
Part = str | Text | tuple[str, str]
"""Of a line; a string may have a style with it."""


class _Console(Console):
    def print(self, *objects: Any, **options: Any) -> None:
        """Where there is no terminal, a line is its text: to find that out by way of styles, segments and
        themes is what takes longest in printing a million of them.
        """
        if self._goes_to_terminal or options or len(objects) != 1 or not isinstance(objects[0], Text):
            super().print(*objects, **options)
        else:
            self.file.write(objects[0].plain + "\n")
            self.file.flush()

    @cached_property
    def _goes_to_terminal(self) -> bool:
        """Asked for each line, and looked up in the environment each time, it takes as long as the line."""
        return self.is_terminal

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


def columns(titles: Sequence[str], right: Sequence[str], rows: Sequence[Cells]) -> Iterator[Text]:
    """A table, line by line. `right` names the columns whose cells stand to the right.

    It goes through the rows twice and holds none: first to find how wide columns are, all but a last one
    whose cells stand to the left.
    """
    aligned = len(titles) if titles[-1] in right else len(titles) - 1
    widths = [len(title) for title in titles]
    for cells in rows:
        for column in range(aligned):
            widths[column] = max(widths[column], width_of(cells[column]))
    found = [
        Column(title, min(WIDEST, width), title in right) for title, width in zip(titles, widths, strict=True)
    ]
    head: Cells = [Text(title, style="dim") for title in titles]
    for cells in chain([head], rows):
        yield row(found, cells)


def row(columns: Sequence[Column], cells: Cells) -> Text:
    """A line of a table. Of a last column whose cells stand to the left the width is not kept."""
    parts: list[Part] = []
    size = 0
    for column, cell in zip(columns, cells, strict=True):
        padding = " " * (column.width - width_of(cell))
        parts.append("  " if size else "")
        parts += (padding, cell) if column.right else (cell, padding)
        size += len(padding) + len(cell)
    line = joined(parts)
    line.rstrip()
    return line


def row_width(columns: Sequence[Column]) -> int:
    """What a row takes in which no cell stands out."""
    return sum(column.width + 2 for column in columns) - 2


def width_of(cell: str | Text) -> int:
    """In columns of a terminal."""
    plain = cell.plain if isinstance(cell, Text) else cell
    return len(plain) if plain.isascii() else cell_len(plain)


def joined(parts: Iterable[Part]) -> Text:
    """One text of several, made at once: to append them one by one takes three times as long."""
    plain: list[str] = []
    spans: list[Span] = []
    at = 0
    for part in parts:
        if isinstance(part, Text):
            text = part.plain
            spans += [Span(at, at + len(text), part.style)] if part.style else []
            spans += [Span(at + start, at + end, style) for start, end, style in part.spans]
        elif isinstance(part, tuple):
            text, style = part
            spans.append(Span(at, at + len(text), style))
        else:
            text = part
        plain.append(text)
        at += len(text)
    return Text("".join(plain), spans=spans)


def when(wall: str) -> str:
    """RFC 3339 to the second; what is no such text stays as it is."""
    try:
        return datetime.fromisoformat(wall).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return printable(wall)
