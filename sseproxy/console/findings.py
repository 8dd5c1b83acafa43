"""`lint` and `learn`: what is wrong with streams, and which orders they keep."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from sseproxy.analysis.lint import Finding, Rule, Severity, link
from sseproxy.console.table import columns, seconds
from sseproxy.contract import Learned
from sseproxy.printable import printable

SEVERITIES = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.ERROR: "red"}
"""Colours."""


def finding_lines(value: Finding) -> Iterator[Text]:
    """`lint`: where, how bad, what; then the other places that it speaks of."""
    rule, place = value.rule, value.place
    line = Text(f"{printable(place.cassette)}:{place.line}: ", style="bold")
    line.append(f"{rule.severity} ", style=SEVERITIES[rule.severity])
    line.append(f"{rule.code} {rule.name}", style="cyan").append(f": {printable(value.message)}")
    if place.t is not None:
        line.append(f", at {seconds(place.t)} s", style="dim")
    if value.more:
        line.append(f" (and {value.more} more)", style="dim")
    yield line
    for other in value.others:
        yield Text(f"  {printable(other.cassette)}:{other.line}: the other stream", style="dim")


def rule_lines(value: Rule) -> Iterator[Text]:
    """Why a finding matters, and where more is said."""
    yield Text()
    yield Text(f"{value.code}  ", style="cyan").append(value.summary, style="default")
    yield Text(f"      {value.why}", style="dim")
    yield Text(f"      {link(value)}", style="dim")


def learned_lines(dialect: str, value: Learned) -> Iterator[Text]:
    """`learn`: the contract as the configuration file takes it, and what it rests upon."""
    yield Text("[contracts]")
    yield Text(f'{dialect} = "{value.contract}"', style="bold")
    yield Text()
    titles = ("STREAMS", "AFTER", "CAME")
    cells = [
        [f"{streams}/{value.streams}", printable(before), printable(after)]
        for (before, after), streams in value.edges.items()
    ]
    for line in columns(titles, titles[:1], cells):
        yield Text("# ").append_text(line)  # so that all of it can be put into the file
