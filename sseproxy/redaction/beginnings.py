"""What may be the beginning of something at the end of what has come so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import regex

_ESCAPE = r"\\[nrtbfv]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%(?:25)*[0-9A-Fa-f]{2}"
BOUNDARY = rf"(?:(?<![A-Za-z0-9])|(?<={_ESCAPE}))"
"""No letter or digit stands before, but for the end of an escape: of JSON (`\\n`), of a URL (`%3D`)."""

_BOUNDARY = regex.compile(BOUNDARY.encode())
_ESCAPE_BEGUN = regex.compile(rb"(?:\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|%(?:25){0,8}[0-9A-Fa-f]?)\Z")
ESCAPE_SIZE = 20
"""Bytes of the longest that matters."""

EndsOf = dict[int, tuple[bytes, ...]]
"""By their last byte, the longest first."""


class Beginnings:
    """The beginnings of some words, in lower case."""

    def __init__(self, words: Iterable[bytes], anywhere: Iterable[bytes] = ()) -> None:
        """`words` don't begin behind a letter or a digit; `anywhere`: these may."""
        at_boundary, free = _parts(words), _parts(anywhere)
        self._free = frozenset(free)
        self._all = _by_end(at_boundary | free)
        # Behind a letter a lone letter begins none of the words, and most words of a text end in such a one.
        self._in_word = _by_end({each for each in at_boundary if len(each) > 1} | free)

    def longest(self, folded: bytes) -> int:
        """Length of the longest beginning that the text, in lower case, ends in."""
        if not folded:
            return 0
        ends = (self._all if _is_boundary(folded, len(folded) - 1) else self._in_word).get(folded[-1])
        if ends is None or not folded.endswith(ends):
            return 0
        return next((len(each) for each in ends if folded.endswith(each) and self._fits(folded, each)), 0)

    def _fits(self, folded: bytes, each: bytes) -> bool:
        return each in self._free or _is_boundary(folded, len(folded) - len(each))


def _is_boundary(folded: bytes, at: int) -> bool:
    """Whether a word may begin there."""
    return not folded[at - 1 : at].isalnum() or _BOUNDARY.match(folded, at) is not None


def word_before(data: bytes) -> bytes:
    """The last letter, where what comes next goes on with the same word; empty where another begins."""
    end = data[-ESCAPE_SIZE:]
    return b"" if _is_boundary(end, len(end)) else end[-1:]


def escape_begun(data: bytes, stop: int) -> int:
    """Length of an escape that is not complete at `stop`: its other letters are no word's."""
    found = _ESCAPE_BEGUN.search(data[max(0, stop - ESCAPE_SIZE) : stop])
    return len(found[0]) if found else 0


def _parts(words: Iterable[bytes]) -> set[bytes]:
    """All that may be seen of the words while their last letter is missing."""
    return {word[:size].lower() for word in words for size in range(1, len(word))}


def _by_end(parts: Iterable[bytes]) -> EndsOf:
    ends: EndsOf = defaultdict(tuple)
    for part in sorted(parts, key=len, reverse=True):
        ends[part[-1]] += (part,)
    return dict(ends)
