"""One thing in which two exchanges differ."""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    what: str
    was: str | None
    """None: it is not there in the first exchange."""
    now: str | None
    """None: it is not there in the second one."""


def changed(what: str, was: object, now: object) -> list[Change]:
    """The change from one value to the other, none where they are equal."""
    if was == now:
        return []
    return [Change(what, None if was is None else str(was), None if now is None else str(now))]
