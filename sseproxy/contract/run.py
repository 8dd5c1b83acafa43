"""A stream against its contract, event by event."""

from __future__ import annotations

from typing import NamedTuple

from sseproxy.contract.pattern import OTHER, Contract


class Violation(NamedTuple):
    """A kind that may not come where it came."""

    kind: str
    expected: tuple[str, ...]
    """The kinds that may; none where the stream should have ended."""
    missing: tuple[str, ...]
    """If any one of these had come before, all would be well."""


class Run:
    """One stream's way through a contract.

    It goes on after a violation, so that one mistake is one violation: where a single missing kind explains
    the event, that kind is taken for skipped; otherwise the event is, and the place stays what it was.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._state = contract.begin

    def take(self, kind: str) -> Violation | None:
        """The next event; None where it may come."""
        after = self.contract.step(self._state, kind)
        if after:
            self._state = after
            return None
        expected = self.contract.expected(self._state)
        missing = []
        for skipped in expected:
            between = self.contract.step(self._state, skipped) if skipped != OTHER else frozenset()
            if between and (after := self.contract.step(between, kind)):
                missing.append((skipped, after))
        if missing:
            self._state = frozenset().union(*(after for _, after in missing))
        return Violation(kind, expected, tuple(skipped for skipped, _ in missing))

    def finish(self) -> tuple[str, ...]:
        """The kinds of which one should still come; none where the stream may end here."""
        return () if self.contract.may_end(self._state) else self.contract.expected(self._state)
