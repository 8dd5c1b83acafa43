"""The form of a test vector, and short ways to write one down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sseproxy.sse import Ignored, Reason


class Message(NamedTuple):
    """What a listener sees of an event: section 9.2.6, "dispatch the event"."""

    data: str
    type: str = "message"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Vector:
    """A stream and what comes of it. `retries`, `comments` and `ignored` run over all blocks in order.

    Whatever a vector leaves out is expected to be absent, so a comment or an ignored line that appears
    from nowhere fails it too. Only `spans` is compared just where it is given.
    """

    name: str
    stream: bytes
    dispatched: tuple[Message, ...] = ()
    retries: tuple[int, ...] = ()
    comments: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    undispatched: int = 0
    """Blocks that a blank line ended and that no listener sees."""
    spans: tuple[tuple[int, int], ...] | None = None
    """`(start, stop)` of every block that a blank line ended, dispatched or not."""
    unfinished: int | None = None


def said(*data: str) -> tuple[Message, ...]:
    """Events of type `message` without an id."""
    return tuple(Message(text) for text in data)


def unknown(*lines: str) -> tuple[Ignored, ...]:
    return tuple(Ignored(line, Reason.UNKNOWN_FIELD) for line in lines)


def not_digits(line: str) -> tuple[Ignored, ...]:
    return (Ignored(line, Reason.RETRY_NOT_DIGITS),)


def has_nul(line: str) -> tuple[Ignored, ...]:
    return (Ignored(line, Reason.ID_HAS_NUL),)
