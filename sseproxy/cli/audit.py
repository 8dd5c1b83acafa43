"""`sseproxy audit`: how strong the rules of matching are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sseproxy.cli.libraries import opened
from sseproxy.cli.options import matched, paths
from sseproxy.console.table import columns, stdout
from sseproxy.matching import Rules
from sseproxy.matching.audit import NOT_COMPARED, Strength
from sseproxy.matching.audit import audit as audit_library
from sseproxy.printable import counted, printable
from sseproxy.redaction import Rules as Redaction

_LISTED = 5
"""Cassettes that are named for one change."""


@click.command()
@paths
@matched
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")
def audit(paths: tuple[Path, ...], rules: Rules, strict: bool, redaction: Redaction, json_: bool) -> None:
    """Tell which changes of the recorded requests would go unnoticed. Each request is changed in each place.

    A change goes unnoticed if the changed request gets the answer of the request itself. An id that is fresh
    in each run may; what the model is asked may not. Headers count only where a rule compares them.
    """
    strengths = audit_library(opened(paths), rules, strict=strict, redaction=redaction)
    if json_:
        click.echo(json.dumps([_as_json(each) for each in strengths], indent=2, ensure_ascii=False))
        return
    headers = [each for each in strengths if each.is_uncompared]
    others = [each for each in strengths if not each.is_uncompared]
    out = stdout()
    rows = [_row(printable(each.place), [each], ", ".join(each.reasons)) for each in others]
    if headers:
        names = ", ".join(printable(each.place.removeprefix("header.")) for each in headers)
        rows.append(_row(counted(len(headers), "header"), headers, f"{NOT_COMPARED}: {names}"))
    for line in columns(("PLACE", "CHANGES", "UNNOTICED", "WHY"), ("CHANGES", "UNNOTICED"), rows):
        out.print(line)
    for told in _unnoticed(others):
        click.echo(told)
    changes, unnoticed = sum(each.changes for each in others), sum(each.unnoticed for each in others)
    beside = f", and any of {counted(len(headers), 'header')} that no rule compares" if headers else ""
    click.echo(f"{unnoticed} of {counted(changes, 'change')} would go unnoticed{beside}", err=True)


def _row(place: str, strengths: Sequence[Strength], why: str) -> list[str]:
    changes, unnoticed = sum(each.changes for each in strengths), sum(each.unnoticed for each in strengths)
    return [place, str(changes), str(unnoticed), why]


def _unnoticed(strengths: Sequence[Strength]) -> Iterator[str]:
    """The changes by name, with the cassettes."""
    for each in strengths:
        for (change, reason), cassettes in each.found.items():
            yield f"\nunnoticed: {printable(each.place)} {change} ({printable(reason)}), in"
            yield from (f"  {printable(name)}" for name in cassettes[:_LISTED])
            if len(cassettes) > _LISTED:
                yield f"  and {len(cassettes) - _LISTED} more"


def _as_json(strength: Strength) -> dict[str, Any]:
    found = [
        {"change": change, "reason": reason, "cassettes": [printable(name) for name in cassettes]}
        for (change, reason), cassettes in strength.found.items()
    ]
    return {
        "place": printable(strength.place),
        "changes": strength.changes,
        "unnoticed": strength.unnoticed,
        "found": found,
    }
