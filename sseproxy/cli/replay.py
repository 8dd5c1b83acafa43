"""`sseproxy replay`."""

from __future__ import annotations

import ssl
from pathlib import Path

import click

from sseproxy.cli.libraries import opened, record_command
from sseproxy.cli.options import address, answering, cassettes, logs, processes, setting, tls_files
from sseproxy.cli.replaying import replay_until_stopped
from sseproxy.cli.serving import Place
from sseproxy.matching import Answers, Exhausted, Rules
from sseproxy.mock import Options
from sseproxy.redaction import Rules as Redaction


@click.command()
@cassettes("The cassettes to answer from: a folder, or one file.")
@answering(speed="1")
@setting(
    "--session",
    type=click.Choice(["newest", "all"]),
    default="newest",
    show_default=True,
    help="Answer a request from the newest session in which it was answered, or from all, oldest first.",
)
@setting(
    "--on-miss",
    type=click.IntRange(400, 599),
    default=404,
    show_default=True,
    metavar="STATUS",
    help="Status of the answer to a request that no cassette answers.",
)
@setting("--fail-unplayed", is_flag=True, help="Exit 1 where cassettes are left that nobody asked for.")
@click.option("--report", is_flag=True, help="Print how late each stream was, and all of them at the end.")
@setting("--no-cors", is_flag=True, help="Leave the recorded CORS headers alone: other pages can't read.")
@address
@tls_files
@logs
@processes
def replay(
    cassettes: Path,
    speed: float,
    rules: Rules,
    strict: bool,
    exhausted: Exhausted,
    max_age: float | None,
    session: str,
    on_miss: int,
    fail_unplayed: bool,
    report: bool,
    no_cors: bool,
    tls: ssl.SSLContext | None,
    redaction: Redaction,
    place: Place,
) -> None:
    """Answer requests from cassettes as the recorded server did. Same bytes, order, rhythm and ending.

    No connection is ever opened. A request that no cassette answers gets 404 and a description of the nearest
    cassettes: what differs, and which rule would make them match. At the end the cassettes that nobody asked
    for are listed.
    """
    answers = Answers(
        opened([cassettes]),
        rules,
        chain_sessions=session == "all",
        strict=strict,
        exhausted=exhausted,
        redaction=redaction,
    )
    options = Options(
        host=place.host,
        tls=tls,
        speed=speed,
        on_miss=on_miss,
        record=record_command(cassettes),
        cors=not no_cors,
        redaction=redaction,
    )
    raise SystemExit(
        replay_until_stopped(
            place, answers, options, cassettes, max_age=max_age, fail_unplayed=fail_unplayed, report=report
        )
    )
