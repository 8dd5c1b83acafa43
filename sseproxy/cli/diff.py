"""`sseproxy diff`: what changed since yesterday."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import orjson

from sseproxy.analysis.diff import Change, Diff, Heading, Pairs, diff, pair, plain
from sseproxy.analysis.story import Story, read_story
from sseproxy.analysis.validate import TIMES_GO_BACK, times_go_back
from sseproxy.cli.dialects import known
from sseproxy.cli.reading import Reading
from sseproxy.console.diff import alone, differing
from sseproxy.console.table import stdout
from sseproxy.printable import printable

Named = tuple[str, Story]


@click.command("diff")
@click.argument("paths", nargs=-1, required=True, metavar="A [B]", type=click.Path(path_type=Path))
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    type=click.Choice([heading.value for heading in Heading]),
    help="Leave out what differs under this heading. May be repeated.",
)
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")
@click.option("--textconv", is_flag=True, help="Print A alone as text for `git diff`: no times, ids folded.")
def diff_command(paths: tuple[Path, ...], ignored: tuple[str, ...], json_: bool, textconv: bool) -> None:
    """Compare two cassettes, or two folders request by request. Exit 1 where they differ.

    Events are aligned by what they say. What differs is told apart: content, order, timing and wire. Ids that
    are fresh in each run make no difference, and neither do times that differ by less than a tenth or 5 ms.
    """
    if textconv and (len(paths) != 1 or json_ or ignored):
        raise click.UsageError("--textconv takes one cassette and no other option.")
    if not textconv and len(paths) != 2:
        raise click.UsageError("There should be two cassettes or two folders.")
    _check_alike(*paths)
    sides = [_Side(path) for path in paths]
    status = max(side.status for side in sides)
    if textconv:
        for _, story in sides[0].stories:
            for line in plain(story):
                click.echo(line)
        raise SystemExit(status)
    pairs = _paired(paths[0], paths[1], sides)
    found = [(was, now, _seen(diff(was[1], now[1]), ignored)) for was, now in pairs.both]
    if json_:
        _print_json(found, pairs)
    else:
        _print(found, pairs)
    differs = pairs.only_was or pairs.only_now or any(changes for _, _, changes in found)
    raise SystemExit(status or int(bool(differs)))


def _check_alike(was: Path, now: Path | None = None) -> None:
    """Raises UsageError for a file and a folder: which of the folder's cassettes is meant can't be known."""
    if now is None or was.is_dir() == now.is_dir() or not (was.exists() and now.exists()):
        return
    if os.devnull in (str(was), str(now)):
        return
    file, folder = (now, was) if was.is_dir() else (was, now)
    beside = folder / file.name
    hint = f"; did you mean {beside}?" if beside.exists() else ": name one of its cassettes, or two folders."
    raise click.UsageError(f"{file} is a file and {folder} is a folder{hint}")


class _Side:
    """What stands on one side. git gives /dev/null for a file that is not there."""

    def __init__(self, path: Path) -> None:
        self.stories: list[Named] = []
        self.status = 0
        if str(path) != os.devnull:
            found = Reading((path,))
            for each, exchange in found:
                if times_go_back(exchange):
                    what = f"{TIMES_GO_BACK}, a gap that does counts as none"
                    click.echo(printable(f"{each}: {what}"), err=True)
                self.stories.append((str(each), read_story(exchange, known())))
            self.status = found.status


def _paired(was: Path, now: Path, sides: list[_Side]) -> Pairs:
    """Two files are compared, whatever was asked in them; folders by request."""
    ours, theirs = (side.stories for side in sides)
    if was.is_dir() or now.is_dir():
        return pair(ours, theirs)
    return pair(ours, theirs, lambda _: None)


Changes = dict[Heading, tuple[Change, ...]]


def _seen(found: Diff, ignored: tuple[str, ...]) -> Changes:
    return {
        heading: changes
        for heading, changes in found.changes.items()
        if changes and heading.value not in ignored
    }


def _print(found: list[tuple[Named, Named, Changes]], pairs: Pairs) -> None:
    out = stdout()
    for (was, story), (now, _), changes in found:
        if changes:
            for line in differing((was, now), story, changes.items()):
                out.print(line)
    for side, named in (("-", pairs.only_was), ("+", pairs.only_now)):
        for name, story in named:
            out.print(alone(name, side, story))


def _print_json(found: list[tuple[Named, Named, Changes]], pairs: Pairs) -> None:
    told = {
        "same": not (pairs.only_was or pairs.only_now or any(changes for _, _, changes in found)),
        "pairs": [
            {
                "a": printable(was),
                "b": printable(now),
                **{
                    heading.value: [change._asdict() for change in changes.get(heading, ())]
                    for heading in Heading
                },
            }
            for (was, _), (now, _), changes in found
        ],
        "only_a": [printable(name) for name, _ in pairs.only_was],
        "only_b": [printable(name) for name, _ in pairs.only_now],
    }
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
