"""`sseproxy learn`: a contract from recorded streams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from sseproxy.analysis.kinds import kinds
from sseproxy.analysis.lint import Expectations
from sseproxy.cassette.store import find, view
from sseproxy.cli.dialects import by_name, known
from sseproxy.cli.options import paths
from sseproxy.console.findings import learned_lines
from sseproxy.console.table import stdout
from sseproxy.contract import Learned, Learner
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.printable import counted, printable


@click.command()
@paths
@click.option("--dialect", metavar="NAME", help="Whose events these are.  [default: found out]")
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")
def learn(paths: tuple[Path, ...], dialect: str | None, json_: bool) -> None:
    """Propose a contract: the order that streams have in common. There is one for each dialect.

    All of them fit it. Each step is listed with the number of streams that took it: what few took may be a
    mistake of theirs. Streams that did not come to their end teach nothing.
    """
    expectations = Expectations(known(), by_name(dialect) if dialect else None)
    search = _Search(find(paths), expectations)
    found = search.learned()
    if json_:
        listed = {name: _as_json(each) for name, each in found.items()}
        sys.stdout.buffer.write(orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        out = stdout()
        for number, (name, each) in enumerate(found.items()):
            for line in learned_lines(name, each):
                out.print(line)
            if number + 1 < len(found):
                out.print()
    if search.left_out:
        click.echo(f"{counted(search.left_out, 'stream')} without a whole ending left out", err=True)
    if not found:
        click.echo("no stream to learn from", err=True)
    raise SystemExit(search.status or int(not found))


class _Search:
    def __init__(self, paths: list[Path], expectations: Expectations) -> None:
        self._paths = paths
        self._expectations = expectations
        self.left_out = 0
        self.status = 0

    def learned(self) -> dict[str, Learned]:
        """By the names of dialects, in the order in which they appear."""
        learners: dict[str, Learner] = {}
        for name, example in self._examples():
            learners.setdefault(name, Learner()).take(example)
        return {name: learner.learned() for name, learner in learners.items()}

    def _examples(self) -> Iterator[tuple[str, list[str]]]:
        for path in self._paths:
            try:
                exchange = view(path)
            except NoHeadYetError:
                continue
            except CassetteError as error:
                click.echo(f"Error: {printable(str(error))}", err=True)
                self.status = 2
                continue
            dialect, example = kinds(exchange, self._expectations)
            if example and exchange.ending.whole:
                yield dialect.name, example
            else:
                self.left_out += bool(example)


def _as_json(found: Learned) -> dict[str, object]:
    edges = [
        {"from": before, "to": after, "streams": streams} for (before, after), streams in found.edges.items()
    ]
    return {"contract": found.contract, "streams": found.streams, "edges": edges}
