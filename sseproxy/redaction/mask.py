"""What stands in place of a secret.

In heads it is `[redacted]`. In bodies it keeps the length: `[redacted]` and as many stars as are missing, or
as much of it as fits; of a number, nines. Line ends, and the field names of an event stream's lines, are left
as they are, so that a masked stream has the same events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MASK = b"[redacted]"
BEGUN = MASK[:8]
"""By which a mask is known where it may have been cut: no fewer letters than the shortest key begins with."""

LINE_BREAK = r"(?:\r\n|\r|\n)data:[ ]?"
"""Where a value of several `data` lines goes on in the next; a reader of the stream sees a line end alone."""

_KEPT = re.compile(f"{LINE_BREAK}|[\r\n]+".encode())
_STANDING = re.compile(rb"\[redacted\]\**|\[red(?:a(?:c(?:t(?:ed?)?)?)?)?(?![A-Za-z\]])")


class Mark(NamedTuple):
    """A stretch of bytes that is masked, and by which rule."""

    start: int
    stop: int
    name: str
    begun: int = 0
    """How many bytes of the same secret were masked before, in a read that came earlier."""
    number: bool = False
    """Whether it is a number in a JSON document, which must stay one."""


def masking(data: bytes, begun: int = 0) -> bytes:
    """A mask as long as the data. `begun`: how many bytes of the same secret were masked before."""
    masked = []
    position = 0
    for kept in [*_KEPT.finditer(data), None]:
        stop = kept.start() if kept else len(data)
        size = stop - position
        masked += [MASK[begun : begun + size].ljust(size, b"*"), kept[0] if kept else b""]
        begun += size
        position = kept.end() if kept else stop
    return b"".join(masked)


def mask_length(data: bytes) -> int:
    """How many bytes of the data a mask covers."""
    return len(_KEPT.sub(b"", data))


def masked(data: bytes, marks: Iterable[Mark]) -> bytes:
    """The data with what is marked masked; marks don't overlap and stand in order."""
    pieces = []
    position = 0
    for start, stop, _, begun, number in marks:
        secret = data[start:stop]
        pieces += [data[position:start], b"9" * len(secret) if number else masking(secret, begun)]
        position = stop
    return b"".join([*pieces, data[position:]])


def replaced(data: bytes, marks: Iterable[Mark]) -> bytes:
    """The data with one and the same mask in each place: two that differ in secrets alone become equal."""
    pieces = []
    position = 0
    for mark in marks:
        pieces += [data[position : mark.start], b"9" if mark.number else MASK]
        position = mark.stop
    return _STANDING.sub(MASK, b"".join([*pieces, data[position:]]))


def merged(*lists: Iterable[Mark]) -> list[Mark]:
    """Marks of several rules in order, without overlaps: what is masked twice bears the first's name."""
    result: list[Mark] = []
    for mark in sorted((mark for marks in lists for mark in marks), key=lambda mark: mark[:2]):
        covered = result[-1].stop if result else 0
        if mark.start >= covered:
            result.append(mark)
        elif mark.stop > covered:
            result[-1] = result[-1]._replace(stop=mark.stop)
    return result
