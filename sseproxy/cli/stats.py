"""`sseproxy stats`: figures of streams, one by one and in sum."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from sseproxy.analysis.stats import Stats, Total, stats
from sseproxy.analysis.stats_rows import as_json, flat, total_as_json
from sseproxy.analysis.story import Story, read_story
from sseproxy.cli.dialects import known
from sseproxy.cli.options import paths
from sseproxy.cli.reading import Reading
from sseproxy.console.stats import stats_heading, stats_line, totalling
from sseproxy.console.table import stdout
from sseproxy.export.rows import csv_line
from sseproxy.printable import printable


@click.command("stats")
@paths
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools, named as OpenTelemetry names it.")
@click.option("--csv", "csv_", is_flag=True, help="Print a row of comma-separated values for each cassette.")
def stats_command(paths: tuple[Path, ...], json_: bool, csv_: bool) -> None:
    """Count and time streams. First event and token, gaps between events, rates, stalls, endings.

    A TOKEN is an event that brings a piece of the answer. A stall is a gap of a second or more that
    is ten times the stream's median gap.
    """
    if json_ and csv_:
        raise click.UsageError("--json and --csv can't go together.")
    found = Reading(paths)
    figures = ((path, story, stats(story)) for path, story in _stories(found))
    if json_:
        _print_json(figures)
    elif csv_:
        _print_csv(figures)
    else:
        _print_table(figures)
    raise SystemExit(found.status)


Figures = Iterator[tuple[Path, Story, Stats]]


def _stories(found: Reading) -> Iterator[tuple[Path, Story]]:
    return ((path, read_story(exchange, known())) for path, exchange in found)


def _print_table(figures: Figures) -> None:
    out = stdout()
    window = out.width if out.is_terminal else None
    total = Total()
    for number, (_, story, counted) in enumerate(figures):
        if not number:
            out.print(stats_heading(window))
        out.print(stats_line(story, counted, window))
        total.add(counted, is_stream=story.stream.is_stream)
    if not (total.streams or total.others):
        return
    out.print()
    for line in totalling(total):
        out.print(line)


def _print_json(figures: Figures) -> None:
    out = sys.stdout.buffer
    total = Total()
    out.write(b'{"streams":[')
    for number, (path, story, counted) in enumerate(figures):
        out.write(b",\n" if number else b"\n")
        out.write(orjson.dumps(as_json(printable(str(path)), story, counted)))
        total.add(counted, is_stream=story.stream.is_stream)
    out.write(b'\n],\n"total":' + orjson.dumps(total_as_json(total)) + b"}\n")


def _print_csv(figures: Figures) -> None:
    out = sys.stdout.buffer
    for number, (path, story, counted) in enumerate(figures):
        row = dict(flat(as_json(printable(str(path)), story, counted)))
        if not number:
            out.write(csv_line(row))
        out.write(csv_line(row.values()))
