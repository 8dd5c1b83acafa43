"""`sseproxy pack`."""

from __future__ import annotations

from pathlib import Path

import click

from sseproxy.cassette.naming import PACKED, PART
from sseproxy.cassette.pack import pack as pack_one
from sseproxy.cassette.pack import unpack
from sseproxy.cassette.store import find
from sseproxy.cli.options import paths
from sseproxy.errors import SseproxyError
from sseproxy.printable import counted, printable


@click.command()
@paths
@click.option("--unpack", "back", is_flag=True, help="The way back: plain text again.")
def pack(paths: tuple[Path, ...], back: bool) -> None:
    """Compress finished cassettes (zstd), each in its place. Every command reads them as they are.

    What still ends in .part, because it is recorded now or its recorder died, is left alone.
    """
    before = after = done = status = 0
    for path in find(paths):
        if path.name.endswith(PART) or path.name.endswith(PACKED) != back:
            continue
        try:
            size = path.stat().st_size
            after += (unpack(path) if back else pack_one(path)).stat().st_size
        except SseproxyError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            status = 2
            continue
        before += size
        done += 1
    word = "unpacked" if back else "packed"
    if done or not status:
        click.echo(f"{word} {counted(done, 'cassette')}: {before:,} bytes, now {after:,}", err=True)
    raise SystemExit(status)
