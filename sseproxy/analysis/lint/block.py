"""What the checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sseproxy.analysis.lint.finding import Place, Rule
from sseproxy.dialects import Meaning
from sseproxy.printable import quoted
from sseproxy.sse import Event


class Block(NamedTuple):
    """An event with its bytes, its meaning and its place."""

    event: Event
    raw: bytes
    """From the end of the block before to its own: its blank line, and what stood in front of it."""
    meaning: Meaning
    place: Place

    @property
    def told(self) -> str:
        """The event as a sentence has it."""
        return told(self.meaning.kind, self.place)


def told(kind: str, place: Place) -> str:
    """An event of this kind as a sentence has it."""
    return f"{quoted(kind)} (event {place.event})" if place.event else quoted(kind)


class Found(NamedTuple):
    """A finding before it is known how many alike there are."""

    rule: Rule
    place: Place
    message: str
    key: str = ""
    """Findings of one rule and key are alike: the first is told, the others are counted."""


Findings = Iterator[Found]
