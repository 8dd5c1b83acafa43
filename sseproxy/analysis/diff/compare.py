"""Everything in which two exchanges differ, each under its heading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sseproxy.analysis.diff.alignment import Alignment
from sseproxy.analysis.diff.change import Change
from sseproxy.analysis.diff.content import content
from sseproxy.analysis.diff.order import order
from sseproxy.analysis.diff.timing import timing
from sseproxy.analysis.diff.wire import wire
from sseproxy.analysis.story import Story


class Heading(StrEnum):
    CONTENT = "content"
    ORDER = "order"
    TIMING = "timing"
    WIRE = "wire"


@dataclass(frozen=True, slots=True)
class Diff:
    changes: Mapping[Heading, tuple[Change, ...]]
    """Under every heading, and empty where nothing differs."""

    @property
    def headings(self) -> list[Heading]:
        """Those under which anything differs."""
        return [heading for heading, changes in self.changes.items() if changes]


def diff(was: Story, now: Story) -> Diff:
    alignment = Alignment.of(was, now)
    return Diff(
        {
            Heading.CONTENT: tuple(content(was, now, alignment)),
            Heading.ORDER: tuple(order(alignment)),
            Heading.TIMING: tuple(timing(was, now)),
            Heading.WIRE: tuple(wire(was, now, alignment)),
        }
    )
