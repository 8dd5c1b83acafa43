"""What is wrong with a stream, where, and how much it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How much a finding matters."""

    INFO = 1
    """True and worth knowing, and may well be meant."""
    WARNING = 2
    """Works here, and fails with other clients, other intermediaries, or another day."""
    ERROR = 3
    """Something was lost, or came when it may not come."""

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for. Codes are stable: they are never given to another rule."""

    code: str
    """A letter for the group and three digits."""
    name: str
    severity: Severity
    summary: str
    """One sentence."""
    why: str
    """Why it matters, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in a cassette."""

    cassette: str
    id: str
    """The exchange's."""
    line: int
    """Of the cassette, from 1."""
    t: int | None = None
    """Microseconds since the request's head was read."""
    event: int | None = None
    """The event's number as `show` counts them, from 1; None: not at an event that listeners see."""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    place: Place
    message: str
    """One sentence: what is so, in this stream."""
    key: str = ""
    """Sets apart findings of one rule that are not alike; no text for people."""
    more: int = 0
    """How many alike followed in the same stream; only the first one is told."""
    others: tuple[Place, ...] = ()
    """Further places that it speaks of, such as the other stream."""


DOCUMENTATION = "docs/findings.md"


def link(rule: Rule) -> str:
    """Where the rule is explained."""
    return f"{DOCUMENTATION}#{rule.code.lower()}-{rule.name}"


def as_json(finding: Finding) -> dict[str, object]:
    """A finding as `lint --json` prints it: a stable interface. Times are in microseconds."""
    rule = finding.rule
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "message": finding.message,
        "more": finding.more,
        **_place(finding.place),
        "others": [_place(place) for place in finding.others],
        "why": rule.why,
        "docs": link(rule),
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "cassette": place.cassette,
        "id": place.id,
        "line": place.line,
        "t": place.t,
        "event": place.event,
    }
