"""`sseproxy replay`."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import click

from sseproxy.cassette.store import find, load_all
from sseproxy.cli.options import Speed, address, cassettes, logs, setting, tls_files
from sseproxy.cli.serving import announce, serve
from sseproxy.clock import SystemClock
from sseproxy.mock import Mock, Options
from sseproxy.printable import counted


@click.command()
@cassettes("The cassettes to answer from: a folder, or one file.")
@setting(
    "--speed",
    type=Speed(),
    metavar="1|N|max",
    default="1",
    show_default=True,
    help="Factor of the recorded timing; max: no waiting.",
)
@setting(
    "--session",
    type=click.Choice(["newest", "all"]),
    default="newest",
    show_default=True,
    help="Answer a request from the newest session that has it, or from all, oldest first.",
)
@address
@tls_files
@logs
def replay(
    cassettes: Path, speed: float, session: str, host: str, port: int, tls: ssl.SSLContext | None, quiet: bool
) -> None:
    """Answer requests from cassettes as the recorded server did: same bytes, order, rhythm and ending.

    No connection is ever opened. A request that no cassette answers gets 404 and a sentence that says why.
    """
    exchanges = [exchange for _, exchange in load_all(find([cassettes]))]
    options = Options(host=host, port=port, tls=tls, speed=speed, chain_sessions=session == "all")

    async def main(stopped: asyncio.Event) -> int:
        mock = Mock(exchanges, options, SystemClock())
        server = await mock.start()
        if not quiet or port == 0:  # else nobody would know the port
            told = counted(len(exchanges), "cassette")
            announce(f"sseproxy: {server.url} replays {told} of {cassettes} (Ctrl-C stops)")
        await stopped.wait()
        await mock.stop()
        return 0

    raise SystemExit(serve(main))
