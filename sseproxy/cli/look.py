"""`sseproxy ls`, `show` and `validate`: they read cassettes and write none."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from sseproxy import console
from sseproxy.analysis.events import read_stream
from sseproxy.analysis.report import as_json
from sseproxy.analysis.validate import findings
from sseproxy.cassette.store import find, is_being_written, load, load_all
from sseproxy.cli.options import paths
from sseproxy.errors import CassetteError
from sseproxy.exchange import Exchange

json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")


def _ending(path: Path, exchange: Exchange) -> str:
    return "recording" if exchange.end is None and is_being_written(path) else exchange.ending


def _oldest_first(paths: tuple[Path, ...]) -> list[tuple[Path, Exchange]]:
    return sorted(load_all(find(paths)), key=lambda each: (each[1].head.wall, each[1].head.id))


def _print_json(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@click.command()
@paths
def ls(paths: tuple[Path, ...]) -> None:
    """List cassettes, oldest first: a line each.

    FIRST is the time to the first event, LAST to the end. The ID is part of the file's name.
    """
    rows = [
        (exchange, read_stream(exchange), _ending(path, exchange)) for path, exchange in _oldest_first(paths)
    ]
    console.stdout().print(console.listing(rows))


@click.command()
@paths
@click.option("--raw", is_flag=True, help="Print the exact bytes of the body and nothing else.")
@json_option
def show(paths: tuple[Path, ...], raw: bool, json_: bool) -> None:
    """Show what cassettes hold: the head, then a line an event with its time and the gap before it."""
    if raw and json_:
        raise click.UsageError("--raw and --json can't go together.")
    found = _oldest_first(paths)
    if raw:
        for _, exchange in found:
            sys.stdout.buffer.write(exchange.body)
    elif json_:
        _print_json([as_json(str(path), exchange, read_stream(exchange)) for path, exchange in found])
    else:
        out = console.stdout()
        for number, (path, exchange) in enumerate(found):
            if number:
                out.print()
            console.print_exchange(out, exchange, read_stream(exchange), _ending(path, exchange))


@click.command()
@paths
def validate(paths: tuple[Path, ...]) -> None:
    """Check cassettes against the format: exit 1 for what is odd, 2 for what can't be read."""
    status = 0
    good = 0
    for path in find(paths):
        try:
            odd = findings(load(path))
        except CassetteError as error:
            click.echo(str(error))
            status = 2
            continue
        for finding in odd:
            click.echo(f"{path}: {finding}")
        if odd:
            status = max(status, 1)
        else:
            good += 1
    click.echo(f"{good} {'cassette is' if good == 1 else 'cassettes are'} valid", err=True)
    raise SystemExit(status)
