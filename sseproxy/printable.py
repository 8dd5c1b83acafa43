"""Text from the wire, or from a file's name, made fit for a terminal and for one line."""

from __future__ import annotations

import re

# Control characters, those that end a line or turn the direction of writing, and lone surrogates.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
QUOTED = 100
"""Characters of a name or a value that a sentence quotes."""
READABLE = 2_000
"""Characters of a text of any length that a person may want to see."""
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """The text with what could drive a terminal spelled out."""
    return _UNFIT.sub(lambda found: _NAMED.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def readable(text: str) -> str:
    """As much of a text as a person reads, fit for one line."""
    return printable(text if len(text) <= READABLE else text[:READABLE] + "…")


def quoted(text: str) -> str:
    """A name or a value in a sentence, which stays one however long that is."""
    return f"`{printable(text[:QUOTED])}{'…' if len(text) > QUOTED else ''}`"


def printable_bytes(data: bytes) -> str:
    """Bytes of a head for the eye."""
    return printable(data.decode("utf-8", "backslashreplace"))


def counted(count: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
