"""`sseproxy ls`, `show` and `validate`: they read cassettes and write none."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.report import json_pieces
from sseproxy.analysis.validate import findings
from sseproxy.cassette.store import find, is_being_written, view
from sseproxy.cli.options import paths
from sseproxy.cli.reading import Reading
from sseproxy.console.cassettes import Listing, showing
from sseproxy.console.table import stdout
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange
from sseproxy.printable import counted, printable

json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")


def _ending(path: Path, exchange: Exchange) -> str:
    return "recording" if exchange.end is None and is_being_written(path) else exchange.ending


@click.command()
@paths
def ls(paths: tuple[Path, ...]) -> None:
    """List cassettes, oldest first.

    A line each, or two where the window is narrow. FIRST is the time to the first event, LAST to the end.
    The ID is part of the file's name.
    """
    found = Reading(paths)
    out = stdout()
    listing = Listing(out.width if out.is_terminal else None)
    for number, (path, exchange) in enumerate(found.in_time(listing.expect)):
        if not number:
            out.print(listing.heading())
        for line in listing.lines(exchange, read_stream(exchange), _ending(path, exchange)):
            out.print(line)
    raise SystemExit(found.status)


@click.command()
@paths
@click.option("--raw", is_flag=True, help="Print the exact bytes of the body and nothing else.")
@json_option
def show(paths: tuple[Path, ...], raw: bool, json_: bool) -> None:
    """Show what cassettes hold, a line an event. It has the event's time and the gap before it."""
    if raw and json_:
        raise click.UsageError("--raw and --json can't go together.")
    found = Reading(paths)
    if raw:
        for _, exchange in found.in_time():
            sys.stdout.buffer.writelines(data for _, data in exchange.arrivals)
    elif json_:
        _print_json(found)
    else:
        out = stdout()
        for number, (path, exchange) in enumerate(found.in_time()):
            if number:
                out.print()
            for line in showing(exchange, read_stream(exchange), _ending(path, exchange)):
                out.print(line)
    raise SystemExit(found.status)


def _print_json(found: Reading) -> None:
    """An array, written as it grows."""
    out = sys.stdout.buffer
    before = b"[\n"
    for path, exchange in found.in_time():
        stream = read_stream(exchange)
        if stream.problem:
            click.echo(f"{printable(str(path))}: {printable(stream.problem)}", err=True)
        out.write(before)
        out.writelines(json_pieces(printable(str(path)), exchange, stream))
        before = b",\n"
    if before != b"[\n":
        out.write(b"\n]\n")
    elif not found.status:
        out.write(b"[]\n")


@click.command()
@paths
def validate(paths: tuple[Path, ...]) -> None:
    """Check cassettes against the format. Exit 1 for what is odd, 2 for what can't be read."""
    status = good = 0
    for path in find(paths):
        try:
            odd = [f"{path}: {finding}" for finding in findings(view(path))]
        except NoHeadYetError as error:
            odd = [str(error)]
        except CassetteError as error:
            click.echo(printable(str(error)))
            status = 2
            continue
        for finding in odd:
            click.echo(printable(finding))
        status = max(status, bool(odd))
        good += not odd
    click.echo(f"{counted(good, 'cassette')} {'is' if good == 1 else 'are'} valid", err=True)
    raise SystemExit(status)
