"""What the events of a token stream have in common."""

from __future__ import annotations

from typing import NamedTuple

_OPENINGS = (b"{", b"[", b'"')
"""How JSON begins. Where a line's text is not within quotation marks, that of another line may be JSON."""


class Frame(NamedTuple):
    """What events have around their text, where nothing was masked in it."""

    channel: bytes
    before: bytes
    behind: bytes

    def fits(self, events: bytes) -> bool:
        """Whether events may have it, by how the first begins and the last ends."""
        before = self.before
        if not (events.startswith(before) and events.endswith(self.behind)):
            return False
        return before.endswith(b'"') or events[len(before) : len(before) + 1] not in _OPENINGS
