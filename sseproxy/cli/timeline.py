"""`sseproxy timeline`: what came when, in one screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from sseproxy.analysis.lint import Expectations, Finding, Sessions, Severity, lint
from sseproxy.analysis.story import read_story
from sseproxy.analysis.timeline import timeline
from sseproxy.cassette.store import is_being_written, items
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
    named = ((str(path), exchange) for path, exchange in found)
    dialects = (expectations.dialect,) if expectations.dialect else expectations.dialects
    stories = [(name, read_story(exchange, dialects)) for name, exchange in named]
    findings = list(_findings([name for name, _ in stories], expectations))
    if html:
        title = "Timeline of " + ", ".join(path.name for path in paths)
        write(html, [page(timeline(stories, findings, fold=False), title)])
        raise SystemExit(found.status)
    out = stdout()
    for number, scene in enumerate(timeline(stories, findings, fold=not all_)):
        if number:
            out.print()
        for line in waterfall(scene, out.width if out.is_terminal else None):
            out.print(line)
    raise SystemExit(found.status)


def _findings(cassettes: list[str], expectations: Expectations) -> Iterator[Finding]:
    """Those that `lint` shows unless it is told otherwise."""
    sessions = Sessions()
    expectations = replace(expectations, clients=False)  # all that is known of them is less than a warning
    for cassette in cassettes:
        path = Path(cassette)
        found, course = lint(cassette, items(path), expectations, under_way=is_being_written(path))
        for finding in sessions.told(found, course):
            if finding.rule.severity >= Severity.WARNING:
                yield finding
