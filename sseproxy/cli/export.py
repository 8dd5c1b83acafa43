"""`sseproxy export`: cassettes in the forms that other tools read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sseproxy.cli.dialects import known
from sseproxy.cli.options import paths
from sseproxy.cli.reading import Reading
from sseproxy.cli.writing import write
from sseproxy.errors import NoStreamError
from sseproxy.exchange import Exchange
from sseproxy.export import FORMATS
from sseproxy.printable import printable


@click.command()
@paths
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(list(FORMATS)),
    help="HAR 1.2, Chrome trace (Perfetto), curl commands, the raw event stream, or a row for each event.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Write to this file and not to stdout.",
)
def export(paths: tuple[Path, ...], form: str, output: Path | None) -> None:
    """Write cassettes in a form that other tools read. Folders in the order of their files' names."""
    found = Reading(paths)
    pieces = FORMATS[form](_named(found), known())
    try:
        if output:
            write(output, pieces)
        else:
            sys.stdout.buffer.writelines(pieces)
    except NoStreamError:
        if not found.status:  # else it may be in what can't be read, which has been told
            raise
    raise SystemExit(found.status)


def _named(found: Reading) -> Iterator[tuple[str, Exchange]]:
    return ((printable(str(path)), exchange) for path, exchange in found)
