"""`sseproxy lint`: what is wrong with streams."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import orjson

from sseproxy.analysis.lint import (
    RULES,
    Expectations,
    Finding,
    Sessions,
    Severity,
    as_json,
)
from sseproxy.analysis.lint import (
    lint as lint_stream,
)
from sseproxy.cassette.store import find, is_being_written, items
from sseproxy.cli.choice import Choice, choice
from sseproxy.cli.expectations import expectations
from sseproxy.cli.following import follow as follow_folder
from sseproxy.cli.options import paths
from sseproxy.console.findings import finding_lines, rule_lines
from sseproxy.console.table import stdout
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.printable import counted, printable


@click.command()
@paths
@choice
@expectations
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.option("--follow", is_flag=True, help="Watch a folder that is being recorded into, until Ctrl-C.")
def lint(
    paths: tuple[Path, ...],
    choice: Choice,
    expectations: Expectations,
    json_: bool,
    github: bool,
    follow: bool,
) -> None:
    """Find what is wrong with streams: bytes, HTTP, order, timing.

    Exit 1 where something is. What each code means: docs/findings.md.
    """
    if json_ and github:
        raise click.UsageError("--json and --github can't go together.")
    clients = any(choice.shows(rule) for code, rule in RULES.items() if code.startswith("C"))
    expectations = replace(expectations, clients=clients)
    if follow:
        raise SystemExit(_follow(paths, choice, expectations, json_=json_, github=github))
    printer = _json if json_ else _github if github else _text
    search = _Search(find(paths), expectations)
    codes = printer(finding for finding in search.findings() if choice.shows(finding.rule))
    click.echo(search.sum(bool(codes)), err=True)
    raise SystemExit(max(search.status, bool(codes)))


class _Search:
    """Goes through cassettes one by one; what it keeps does not grow with them."""

    def __init__(self, paths: list[Path], expectations: Expectations) -> None:
        self._paths = paths
        self._expectations = expectations
        self._sessions = Sessions()
        self._checked = 0
        self._unread = 0
        self._empty = 0

    @property
    def status(self) -> int:
        return 2 if self._unread else 0

    def sum(self, found: bool) -> str:
        """What was looked at, and what was not. That nothing is found is said only of what was."""
        told = [f"{counted(self._checked, 'cassette')} checked"]
        told += [f"{self._unread} can't be read"] if self._unread else []
        told += [f"{self._empty} without a head yet"] if self._empty else []
        told += ["nothing found"] if not found and self._checked and not self._unread else []
        return ", ".join(told)

    def findings(self) -> Iterator[Finding]:
        for path in self._paths:
            try:
                under_way = is_being_written(path)
                found, course = lint_stream(str(path), items(path), self._expectations, under_way=under_way)
            except NoHeadYetError:
                self._empty += 1
                continue
            except CassetteError as error:
                click.echo(f"Error: {printable(str(error))}", err=True)
                self._unread += 1
                continue
            self._checked += 1
            yield from self._sessions.told(found, course)


def _text(findings: Iterable[Finding]) -> set[str]:
    """A line each, and at the end why they matter."""
    out = stdout()
    codes: set[str] = set()
    for finding in findings:
        codes.add(finding.rule.code)
        _text_lines([finding])
    for code in sorted(codes, key=list(RULES).index):
        for line in rule_lines(RULES[code]):
            out.print(line)
    return codes


def _json(findings: Iterable[Finding]) -> set[str]:
    """An array, written as it grows."""
    out = sys.stdout.buffer
    codes: set[str] = set()
    before = b"[\n"
    for finding in findings:
        codes.add(finding.rule.code)
        out.write(before + orjson.dumps(as_json(finding)))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")
    return codes


_LEVELS = {Severity.INFO: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def _github(findings: Iterable[Finding]) -> set[str]:
    """Workflow commands: GitHub shows them beside the line of the cassette."""
    codes: set[str] = set()
    for finding in findings:
        rule = finding.rule
        codes.add(rule.code)
        place = f"file={_property(finding.place.cassette)},line={finding.place.line}"
        title = _property(f"{rule.code} {rule.name}")
        message = _data(f"{printable(finding.message)}. {rule.why}")
        click.echo(f"::{_LEVELS[rule.severity]} {place},title={title}::{message}")
    return codes


def _data(text: str) -> str:
    """A workflow command's text: it ends with the line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _follow(
    paths: tuple[Path, ...], choice: Choice, expectations: Expectations, *, json_: bool, github: bool
) -> int:
    """Each finding at once: in JSON, an object a line."""
    if len(paths) != 1 or not paths[0].is_dir():
        raise click.UsageError("--follow goes with one folder.")
    printer = _json_lines if json_ else _github if github else _text_lines

    def show(finding: Finding) -> bool:
        if choice.shows(finding.rule):
            printer([finding])
            return True
        return False

    return follow_folder(paths[0], expectations, show)


def _json_lines(findings: Iterable[Finding]) -> None:
    for finding in findings:
        sys.stdout.buffer.write(orjson.dumps(as_json(finding)) + b"\n")


def _text_lines(findings: Iterable[Finding]) -> None:
    out = stdout()
    for finding in findings:
        for line in finding_lines(finding):
            out.print(line)
