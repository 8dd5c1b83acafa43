"""`sseproxy replay`."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import click

from sseproxy import console
from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.cassette.store import find, load_all
from sseproxy.cli.options import Speed, address, cassettes, logs, processes, setting, tls_files
from sseproxy.cli.serving import Place, Seat, serve
from sseproxy.clock import SystemClock
from sseproxy.exchange import Request
from sseproxy.matching import Turns
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
@click.option("--report", is_flag=True, help="Print how late each stream was, and all of them at the end.")
@setting("--no-cors", is_flag=True, help="Leave the recorded CORS headers alone: other pages can't read.")
@address
@tls_files
@logs
@processes
def replay(
    cassettes: Path,
    speed: float,
    session: str,
    report: bool,
    no_cors: bool,
    tls: ssl.SSLContext | None,
    place: Place,
) -> None:
    """Answer requests from cassettes as the recorded server did: same bytes, order, rhythm and ending.

    No connection is ever opened. A request that no cassette answers gets 404 and a sentence that says why.
    """
    exchanges = [exchange for _, exchange in load_all(find([cassettes]))]
    options = Options(
        host=place.host, tls=tls, speed=speed, chain_sessions=session == "all", cors=not no_cors
    )
    turns = Turns()
    everything = Lateness()
    out = console.stdout()

    def played(request: Request, punctuality: Punctuality) -> None:
        out.print(console.punctuality(request, punctuality))

    async def main(seat: Seat) -> int:
        mock = Mock(
            exchanges,
            replace(options, port=seat.port, shared=seat.shared),
            SystemClock(),
            seat.metrics,
            on_played=played if report else None,
            take_turn=lambda key: seat.ask("turn", key) or 0,
        )
        server = await mock.start()
        told = counted(len(exchanges), "cassette")
        seat.ready(f"sseproxy: {server.url} replays {told} of {cassettes} (Ctrl-C stops)")
        await seat.stopped.wait()
        await mock.stop()
        seat.ask("late", mock.lateness)
        return 0

    status = serve(place, main, {"turn": turns.take, "late": everything.merge})
    if report:
        out.print(console.total_lateness(everything))
    raise SystemExit(status)
