"""What may be the beginning of something at the end of what has come so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

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
        ends = (self._in_word if folded[-2:-1].isalnum() else self._all).get(folded[-1])
        if ends is None or not folded.endswith(ends):
            return 0
        return next((len(each) for each in ends if folded.endswith(each) and self._fits(folded, each)), 0)

    def _fits(self, folded: bytes, each: bytes) -> bool:
        return each in self._free or not folded[-len(each) - 1 : -len(each)].isalnum()


def _parts(words: Iterable[bytes]) -> set[bytes]:
    """All that may be seen of the words while their last letter is missing."""
    return {word[:size].lower() for word in words for size in range(1, len(word))}


def _by_end(parts: Iterable[bytes]) -> EndsOf:
    ends: EndsOf = defaultdict(tuple)
    for part in sorted(parts, key=len, reverse=True):
        ends[part[-1]] += (part,)
    return dict(ends)
