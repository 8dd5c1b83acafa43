"""`sseproxy timeline`: what came when, in one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from sseproxy.analysis.lint import Course, Expectations, Finding, Sessions, Severity, lint
from sseproxy.analysis.scenes import Span
from sseproxy.analysis.story import Story, read_story
from sseproxy.analysis.timeline import Scene, timeline
from sseproxy.cassette.store import is_being_written, items, view
from sseproxy.cli.expectations import expectations
from sseproxy.cli.options import paths
from sseproxy.cli.reading import Reading
from sseproxy.cli.writing import write
from sseproxy.console.table import stdout
from sseproxy.console.timeline import waterfall
from sseproxy.export.page import page


@click.command("timeline")
@paths
@click.option("--all", "all_", is_flag=True, help="A line for each event, runs of like ones too.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Write a page for a browser, to zoom in, and print nothing.",
)
@expectations
def timeline_command(
    paths: tuple[Path, ...], all_: bool, html: Path | None, expectations: Expectations
) -> None:
    """Show streams as a waterfall on one clock. What came when, after what, and where it stalled.

    Exchanges of one session are merged into one order. Like events that follow one another are one line. What
    `lint` finds stands where it is.
    """
    found = Reading(paths)
    if html:
        title = "Timeline of " + ", ".join(path.name for path in paths)
        write(html, [page(_scenes(found, expectations, fold=False), title)])
        raise SystemExit(found.status)
    out = stdout()
    before = False
    for scene in _scenes(found, expectations, fold=not all_):
        if before:
            out.print()
        for line in waterfall(scene, out.width if out.is_terminal else None):
            out.print(line)
        before = True
        del scene  # or it is kept while the next one is read
    raise SystemExit(found.status)


def _scenes(found: Reading, expectations: Expectations, *, fold: bool) -> Iterator[Scene]:
    """Each is read when it is asked for: memory holds one."""
    dialects = (expectations.dialect,) if expectations.dialect else expectations.dialects

    def read(path: Path) -> tuple[str, Story] | None:
        exchange = found.one(view, path)
        return (str(path), read_story(exchange, dialects)) if exchange else None

    spans = [
        Span(path, place, head.wall, head.session, head.session_t, duration, ended)
        for place, (path, (head, duration, ended)) in enumerate(found.extents())
    ]
    return timeline(spans, read, partial(_findings, found, Sessions(), expectations), fold=fold)


def _findings(
    found: Reading, sessions: Sessions, expectations: Expectations, paths: Iterable[Path]
) -> Iterator[Finding]:
    """Those that `lint` shows unless it is told otherwise."""
    expectations = replace(expectations, clients=False)  # all that is known of them is less than a warning

    def look(path: Path) -> tuple[list[Finding], Course | None]:
        return lint(str(path), items(path), expectations, under_way=is_being_written(path))

    for path in paths:
        if linted := found.one(look, path):
            for finding in sessions.told(*linted):
                if finding.rule.severity >= Severity.WARNING:
                    yield finding
