"""Where in a text it is worth looking for a secret, told quickly."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import regex
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from sseproxy.redaction.beginnings import Beginnings, escape_begun
from sseproxy.redaction.finders import Finder, LiteralFinder, PatternFinder, ShapeFinder, Standing, in_base64
from sseproxy.redaction.mask import LINE_BREAK
from sseproxy.redaction.members import MemberFinder
from sseproxy.redaction.shapes import SHAPES
from sseproxy.redaction.spellings import REACH, may_be_name

# Of the standard library: where there is no partial match to ask for it is many times as fast.
_SEVERAL_LINES = re.compile(rb"\ndata:[^\n]*+\ndata:")
_SEVERAL_LINES_WITH_CR = re.compile(rb"[\r\n]data:[^\r\n]*+" + LINE_BREAK.encode())
_BREAK = re.compile(LINE_BREAK.encode())
_BREAK_AT_END = re.compile(rb"(?:(?:\r\n?|\n)(?:d(?:a(?:t(?:a(?::[ ]?)?)?)?)?)?)?\Z")
_GOES_ON_IN_NEXT = re.compile(rb"[^\r\n]*" + LINE_BREAK.encode())


EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class Lookup:
    """The rules by what each begins with.

    Nearly no text has such an anchor, so all are asked for at once, by the vector search of the Rust library:
    64 KiB in 10 µs, where an alternation of `re` takes 680 and one `bytes.find` an anchor 650. Case is folded
    before (19 µs), for names may be written in any.
    """

    def __init__(
        self,
        members: Sequence[tuple[bytes, MemberFinder]],
        secrets: Mapping[str, bytes],
        patterns: Mapping[str, regex.Pattern[bytes]],
        *,
        lines: bool,
    ) -> None:
        """`members` with an anchor each. `lines`: in an event stream as it is on the wire."""
        self.lines = lines
        self.patterns = patterns
        self._literals = [
            LiteralFinder(name, spelled, lines)
            for name, secret in secrets.items()
            for spelled in (secret, *sorted(in_base64(secret)))
        ]
        self._shapes = [ShapeFinder(shape, lines) for shape in SHAPES]
        by_anchor: dict[bytes, list[Finder]] = defaultdict(list)
        for literal in self._literals:
            for anchor in literal.anchors:
                by_anchor[anchor].append(literal)
        for anchor, member in members:
            by_anchor[anchor].append(member)
        for shape in self._shapes:
            by_anchor[shape.shape.begins.lower().encode()].append(shape)
        self._finders = list(by_anchor.values())
        # The vector search deals these out to eight buckets, by turns. In this order those that texts
        # nearly have are spread over them: 28 µs for 64 KiB; as they stand in the tables it may be 90.
        spread = sorted(by_anchor, key=lambda anchor: anchor[1:2])
        self._any = BytesAhoCorasick(spread, matchkind=MatchKind.LeftmostFirst)
        self._all = BytesAhoCorasick(by_anchor, matchkind=MatchKind.Standard)
        at_boundary = [s.shape.begins.encode() for s in self._shapes if s.shape.boundary]
        anywhere = [s.shape.begins.encode() for s in self._shapes if not s.shape.boundary]
        self._keys = Beginnings(at_boundary, anywhere)
        anchors = [anchor for literal in self._literals for anchor in literal.anchors]
        self._secrets = Beginnings((), anchors) if anchors else None

    def hits(self, data: bytes, folded: bytes, *, fresh: bool) -> bool:
        """Whether there is anything to look at.

        `folded` is the data in lower case. `fresh`: they begin with a line, where lines matter.
        """
        if self.has_anchor(folded) or self.patterns:
            return True
        return self._may_be_broken(data, fresh=fresh)

    def has_anchor(self, folded: bytes) -> bool:
        """Whether something may begin in the text, in lower case."""
        return bool(self._any.find_matches_as_indexes(folded))

    def _may_be_broken(self, data: bytes, *, fresh: bool) -> bool:
        """Whether a value of several lines is among the data."""
        if not self.lines:
            return False
        several = _SEVERAL_LINES_WITH_CR if b"\r" in data else _SEVERAL_LINES
        if several.search(data):
            return True
        return bool((not fresh or data.startswith(b"data:")) and _GOES_ON_IN_NEXT.match(data))

    def standing(self, data: bytes) -> Iterator[Standing]:
        """What was masked before, as far as it is known by its looks."""
        for anchor, start, _ in self._all.find_matches_as_indexes(data.lower(), overlapping=True):
            for finder in self._finders[anchor]:
                if isinstance(finder, ShapeFinder) and (found := finder.standing(data, start)):
                    yield found

    def candidates(self, data: bytes, folded: bytes, *, fresh: bool, final: bool) -> list[tuple[int, Finder]]:
        """Where to look and with which rule, in order."""
        found = [
            (start, finder)
            for anchor, start, _ in self._all.find_matches_as_indexes(folded, overlapping=True)
            for finder in self._finders[anchor]
        ]
        if self._may_be_broken(data, fresh=fresh):
            found += self._broken(data)
        for name, pattern in self.patterns.items():
            matches = pattern.finditer(data, partial=not final)
            found += [(each.start(), PatternFinder(name, each)) for each in matches if each[0]]
        return sorted(found, key=lambda each: each[0])

    def _broken(self, data: bytes) -> Iterator[tuple[int, Finder]]:
        """Beginnings with the break of a line within."""
        joined, breaks = _unbroken(data)
        for anchor, start, stop in self._all.find_matches_as_indexes(joined.lower(), overlapping=True):
            first = _at(breaks, start)
            if _at(breaks, stop - 1) != first + stop - 1 - start:
                yield from ((first, finder) for finder in self._finders[anchor])

    def tail(self, data: bytes, folded: bytes) -> tuple[int, int]:
        """From where on the data must be looked at again when more has come, and be held back till then.

        That is where the beginning of a key, or of a member's name, may have begun. Neither is a secret: held
        back is only what may be the beginning of a known one.
        """
        size = len(data)
        if size == 0 or (self.lines and data.endswith(EVENT_ENDS)):
            return size, size
        keep = size - self._keys.longest(folded)
        hold = size - self._secrets.longest(folded) if self._secrets else size
        start = max(0, size - REACH)
        if self.lines and (end := _BREAK_AT_END.search(data, start)):
            joined, breaks = _unbroken(data[start : end.start()])
            if breaks or end[0]:
                folded = joined.lower()
                keep = min(keep, start + _at(breaks, len(joined) - self._keys.longest(folded)))
                if self._secrets:
                    hold = min(hold, start + _at(breaks, len(joined) - self._secrets.longest(folded)))
        keep -= escape_begun(data, keep)
        return min(keep, hold, may_be_name(data, start)), hold


def _unbroken(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The data without the breaks of lines; of each where it was, and how much was left out by then."""
    breaks = []
    out = 0
    pieces = []
    position = 0
    for found in _BREAK.finditer(data):
        pieces.append(data[position : found.start()])
        breaks.append((found.start() - out, out + found.end() - found.start()))
        out += found.end() - found.start()
        position = found.end()
    return b"".join([*pieces, data[position:]]), breaks


def _at(breaks: list[tuple[int, int]], position: int) -> int:
    """Where a position of the joined data is in the data."""
    before = bisect_right(breaks, position, key=lambda each: each[0])
    return position + (breaks[before - 1][1] if before else 0)
