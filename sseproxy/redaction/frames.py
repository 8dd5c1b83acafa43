"""What the events of a token stream have in common."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """What events have around their text, where nothing was masked in it."""

    channel: bytes
    before: bytes
    behind: bytes

    def fits(self, events: bytes) -> bool:
        """Whether events may have it, by how the first begins and the last ends."""
        return events.startswith(self.before) and events.endswith(self.behind)
