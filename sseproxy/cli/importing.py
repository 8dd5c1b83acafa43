"""`sseproxy import`: what other tools recorded, as cassettes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

import click

from sseproxy.cassette.naming import Ids
from sseproxy.cassette.store import make_folder
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.cli.options import cassettes, redacted
from sseproxy.clock import SystemClock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.export import exchanges
from sseproxy.export.imported import Import, lines, name
from sseproxy.printable import printable
from sseproxy.redaction import Rules as Redaction

_files = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False)
)


@click.command("import")
@_files
@cassettes("Where to put the cassettes.")
@redacted
def import_(files: tuple[Path, ...], cassettes: Path, redaction: Redaction) -> None:
    """Make cassettes of HAR files and of the text of event streams. Their paths are printed.

    What a file does not carry (read boundaries, times, how the stream ended) is told by notes in the
    cassette and not made up. Secrets are masked.
    """
    make_folder(cassettes)
    clock = SystemClock()
    ids = Ids(SystemRandom())
    run = Import(ids.next(clock.wall()), clock.wall(), ids.next)
    for file in files:
        for exchange in _read(file, run):
            _write(exchange, cassettes, redaction)


def _read(file: Path, run: Import) -> Iterator[Exchange]:
    try:
        yield from exchanges(file.read_bytes(), run)
    except SseproxyError as error:
        raise SseproxyError(f"{file}: {error}") from None


def _write(exchange: Exchange, folder: Path, redaction: Redaction) -> None:
    path = folder / name(exchange, redaction)
    if path.exists():
        click.echo(f"{printable(str(path))} is there already and stays as it is", err=True)
        return
    writer = CassetteWriter(folder, path.name)
    try:
        writer.append(lines(exchange, redaction))
        writer.finish()
    finally:
        writer.close()
    click.echo(printable(str(path)))
