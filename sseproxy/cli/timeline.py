"""`sseproxy timeline`: what came when, in one screen."""

from __future__ import annotations

from pathlib import Path

import click

from sseproxy import console
from sseproxy.analysis.story import read_story
from sseproxy.analysis.timeline import timeline
from sseproxy.cli.dialects import known
from sseproxy.cli.options import paths
from sseproxy.cli.reading import Reading
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
def timeline_command(paths: tuple[Path, ...], all_: bool, html: Path | None) -> None:
    """Show streams as a waterfall on one clock: what came when, after what, and where it stalled.

    Exchanges of one session are merged into one order. Like events that follow one another are one line.
    """
    found = Reading(paths)
    stories = [(str(path), read_story(exchange, known())) for path, exchange in found]
    if html:
        title = "Timeline of " + ", ".join(path.name for path in paths)
        html.write_bytes(page(timeline(stories, fold=False), title))
        raise SystemExit(found.status)
    out = console.stdout()
    for number, scene in enumerate(timeline(stories, fold=not all_)):
        if number:
            out.print()
        for line in console.waterfall(scene, out.width if out.is_terminal else None):
            out.print(line)
    raise SystemExit(found.status)
