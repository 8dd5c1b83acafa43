"""`sseproxy record`."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import click

from sseproxy.cli.options import address, cassettes, setting, verbosity
from sseproxy.cli.serving import announce, serve
from sseproxy.clock import SystemClock
from sseproxy.demo.server import serve as serve_demo
from sseproxy.proxy import Options, Proxy

DEMO = "demo"


@click.command()
@setting("--upstream", required=True, metavar="URL", help="Where requests go; 'demo' is a server of our own.")
@cassettes("Folder that gets a cassette for each exchange.")
@address
@setting("--keep-encoding", is_flag=True, help="Leave the client's Accept-Encoding as it is.")
@setting("--keep-host", is_flag=True, help="Leave the client's Host as it is.")
@setting(
    "--connect-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the upstream may take to accept a connection.",
)
@setting(
    "--idle-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long the upstream may be silent.  [default: no limit]",
)
@setting(
    "--grace",
    type=click.FloatRange(min=0),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="How long open streams may go on after SIGTERM or Ctrl-C.",
)
@verbosity
def record(
    upstream: str,
    cassettes: Path,
    host: str,
    port: int,
    keep_encoding: bool,
    keep_host: bool,
    connect_timeout: float,
    idle_timeout: float | None,
    grace: float,
    quiet: bool,
) -> None:
    """Pass requests on to an upstream and record each exchange in a cassette.

    Point the client's base URL here. The stream is untouched: each read of the upstream is written to the
    cassette and handed on at once.
    """
    options = Options(
        upstream=upstream,
        cassettes=cassettes,
        host=host,
        port=port,
        keep_encoding=keep_encoding,
        keep_host=keep_host,
        connect_timeout=connect_timeout,
        idle_timeout=idle_timeout,
    )

    async def main(stopped: asyncio.Event) -> int:
        async with contextlib.AsyncExitStack() as stack:
            where = options.upstream
            if where == DEMO:
                where = await stack.enter_async_context(serve_demo())
            proxy = Proxy(replace(options, upstream=where), SystemClock())
            server = await proxy.start()
            if not quiet:
                announce(f"sseproxy: {server.url} records {where} into {cassettes} (Ctrl-C stops)")
            await stopped.wait()
            await proxy.stop(grace)
        if proxy.session.lost:
            announce(f"sseproxy: {proxy.session.lost} recordings are not whole, see the log")
        return 1 if proxy.session.lost else 0

    raise SystemExit(serve(main))
