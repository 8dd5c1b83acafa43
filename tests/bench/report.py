"""Results as tables and as JSON. One table for people in terminals and in documents: Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.cells import Cell, Column, Results

BEGIN = "<!-- bench: begin -->\n"
END = "<!-- bench: end -->\n"


class NoMarksError(Exception):
    """The page has no place for tables; the text says so."""


def put(page: Path, text: str) -> None:
    """Replaces what stands between the marks of a page. Raises NoMarksError."""
    before, after = split(page)
    page.write_text(before + text + after, encoding="utf-8")


def split(page: Path) -> tuple[str, str]:
    """A page up to the tables, and behind them. Raises NoMarksError."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarksError(f"{page} has no lines {BEGIN.strip()} and {END.strip()}")
    return before + begin, end + after


def facts(told: Mapping[str, str]) -> str:
    return "\n".join([*(f"- {key}: {value}" for key, value in told.items()), "", ""])


def tables(cells: Sequence[Cell], results: Results) -> str:
    return "\n".join(_table(cell, results) for cell in cells)


def _table(cell: Cell, results: Results) -> str:
    """A row for each subject; a figure is the median, behind it the spread."""
    columns = [column for column in cell.columns if _filled(cell, column, results)]
    rows = [[cell.name, *(column.title for column in columns)]]
    notes = []
    for subject in cell.subjects:
        if note := results.notes.get((cell.name, subject)):
            notes.append(f"{subject}: {note.splitlines()[0]}\n")
        if subject in results.samples.get(cell.name, {}):
            rows.append([subject, *(_shown(cell, subject, column, results) for column in columns)])
    return "\n".join([f"**{cell.name}**: {cell.what}\n", *aligned(rows), "", *notes])


def _filled(cell: Cell, column: Column, results: Results) -> bool:
    return any(results.figure(cell.name, subject, column.key) for subject in cell.subjects)


def _shown(cell: Cell, subject: str, column: Column, results: Results) -> str:
    figure = results.figure(cell.name, subject, column.key)
    if figure is None:
        return ""
    spread = f" ±{figure.spread / 2:.0%}" if figure.rounds > 1 else ""
    return f"{figure.median:,.{column.digits}f}{spread}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table, readable as plain text too: first row the head, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["| " + " | ".join(_fitted(row, widths)) + " |" for row in rows]
    rule = "|" + "|".join(
        "-" * (width + 1) + ("-" if place == 0 else ":") for place, width in enumerate(widths)
    )
    return [lines[0], rule + "|", *lines[1:]]


def _fitted(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = (
        text.ljust(width) if place == 0 else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return [first, *others]


def as_json(cells: Sequence[Cell], results: Results) -> dict[str, object]:
    return {
        cell.name: {
            "what": cell.what,
            "subjects": {
                subject: {
                    key: {
                        "median": figure.median,
                        "least": figure.least,
                        "most": figure.most,
                        "samples": values,
                    }
                    for key, values in by_key.items()
                    if (figure := results.figure(cell.name, subject, key))
                }
                for subject, by_key in results.samples.get(cell.name, {}).items()
            },
            "notes": {subject: note for (name, subject), note in results.notes.items() if name == cell.name},
        }
        for cell in cells
    }
