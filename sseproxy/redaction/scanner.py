"""Secrets in a text that comes in pieces: the same are masked however it was cut."""

from __future__ import annotations

from typing import NamedTuple

from sseproxy.redaction.beginnings import ESCAPE_SIZE, word_before
from sseproxy.redaction.finders import Found, Resume, State, no_more
from sseproxy.redaction.lookup import EVENT_ENDS, Lookup
from sseproxy.redaction.mask import Mark, mask_length, masked

HOLD_LIMIT = 4096
"""Bytes that are held back at most."""
_KEEP_LIMIT = 4 * HOLD_LIMIT
UNDECIDED = "undecided"
"""What a mark is called where it was not known yet whether anything had to be masked."""


class Scanned(NamedTuple):
    data: bytes
    """What may be written: what was held back before, and what of the new data is not; masked."""
    marks: list[Mark]


class _Going(NamedTuple):
    """A secret that goes on where the data ended."""

    name: str
    resume: Resume
    begun: int
    """Bytes of it that have been masked."""


class Scanner:
    """One text. Feed it piece by piece; `final` with the last."""

    def __init__(self, lookup: Lookup, *, words_go_on: bool = True) -> None:
        """`words_go_on`: from one piece to the next; otherwise each begins with a word, or a key."""
        self._lookup = lookup
        self._words_go_on = words_go_on
        self._kept = b""  # has to be looked at again, for it may become a secret with what comes next
        self._before = b""  # ended where that begins
        self._given = 0  # how many bytes of it have been given already
        self._going: _Going | None = None
        self._name = UNDECIDED  # of what is held
        self._fresh = True  # what comes next begins an event, or is the first

    @property
    def held(self) -> int:
        """How many bytes have been fed and not been given yet."""
        return len(self._kept) - self._given

    @property
    def idle(self) -> bool:
        """Whether what comes next has nothing to do with what came."""
        return not self._kept and not self._going

    @property
    def going(self) -> bool:
        """Whether a secret goes on in what comes next."""
        return self._going is not None

    def forget(self) -> bool:
        """Begins anew, where all that came was given and is known to hold no secret; False: it was not."""
        if self._kept:
            if len(self._kept) != self._given:
                return False
            self._kept, self._given = b"", 0
        self._fresh = True
        return not self._going

    def feed(self, data: bytes, *, final: bool = False) -> Scanned:
        """What may be written now. Of a secret that goes on, what has come is masked at once."""
        if self._kept:
            data = self._kept + data
        folded = data.lower()
        fresh, self._fresh = self._fresh, data.endswith(EVENT_ENDS)
        if not self._going and not self._lookup.hits(data, folded, fresh=fresh):
            size = len(data)
            keep, hold = (size, size) if final else self._lookup.tail(data, folded)
            if keep == size and not self._kept:
                self._before = data
                return Scanned(data, [])
            self._name = UNDECIDED
            return self._give(data, [], keep, hold)
        in_word = self._words_go_on and not (fresh or self._going)
        letter = word_before(self._before) if in_word else b""
        if letter:
            # Looked at with the letter before, so that no key begins within a word.
            data, folded = letter + data, letter.lower() + folded
            self._given += 1
            self._before = b""
        return self._look(data, folded, len(letter), fresh=fresh, final=final)

    def flush(self) -> Scanned:
        """What is held, masked: nobody came to tell whether it is a secret."""
        held = self._kept[self._given :]
        if not held:
            return Scanned(b"", [])
        begun = self._going.begun if self._going else 0
        self._given = len(self._kept)
        mark = Mark(0, len(held), self._name, begun)
        return Scanned(masked(held, [mark]), [mark])

    def _look(self, data: bytes, folded: bytes, position: int, *, fresh: bool, final: bool) -> Scanned:
        """What begins behind `position`."""
        marks: list[Mark] = []
        self._name = UNDECIDED
        if self._going:
            position, more = self._go_on(data, marks, final=final)
            if more:
                return self._give(data, marks, position, self._hold_behind(data, position))
        size = keep = hold = len(data)
        goes_on: Found | None = None
        opened: Found | None = None
        for at, finder in self._lookup.candidates(data, folded, fresh=fresh, final=final):
            found = finder.look(data, at, final=final) if at >= position else None
            if found is None or found.stop <= position:
                continue
            start = max(position, found.start)
            if found.state is State.OPEN:
                keep = min(keep, found.at)
                if start < hold:
                    hold, opened = start, found
                continue
            marks.append(Mark(start, found.stop, found.name, number=found.number))
            position = found.stop
            if found.state is State.GOES_ON:
                goes_on = found
                break
        if goes_on:
            hold = min(hold, self._hold_behind(data, goes_on.stop))
            if keep == size:
                keep = goes_on.stop
                begun = mask_length(data[marks[-1].start : marks[-1].stop])
                self._going = _Going(goes_on.name, goes_on.resume, begun)
        elif not final:
            tail_keep, tail_hold = self._lookup.tail(data, folded)
            keep, hold = min(keep, max(tail_keep, position)), min(hold, max(tail_hold, position))
        if opened:
            self._name = opened.name
        if size - hold > HOLD_LIMIT:
            return self._give_up(data, marks, hold, opened or goes_on)
        if size - keep > _KEEP_LIMIT:
            keep = hold
        return self._give(data, marks, keep, hold)

    def _go_on(self, data: bytes, marks: list[Mark], *, final: bool) -> tuple[int, bool]:
        """Masks the rest of the secret: how far it goes, and whether it may go on."""
        assert self._going
        name, resume, begun = self._going
        stop, more = resume(data, 0, final=final)
        if stop:
            marks.append(Mark(0, stop, name, begun))
        self._going = _Going(name, resume, begun + mask_length(data[:stop])) if more else None
        self._name = name
        return stop, more

    @staticmethod
    def _hold_behind(data: bytes, stop: int) -> int:
        """Where to hold behind a secret that may go on: a line's break is never masked."""
        return stop if data[stop : stop + 1] not in (b"", b"\r", b"\n") else len(data)

    def _give_up(self, data: bytes, marks: list[Mark], hold: int, found: Found | None) -> Scanned:
        """Masks what would have to be held back beyond the limit, and what goes on from there."""
        name, resume = (found.name, found.resume) if found else (UNDECIDED, no_more)
        marks = [*(mark for mark in marks if mark.stop <= hold), Mark(hold, len(data), name)]
        self._going = _Going(name, resume, mask_length(data[hold:]))
        return self._give(data, marks, len(data), len(data))

    def _give(self, data: bytes, marks: list[Mark], keep: int, hold: int) -> Scanned:
        """Everything up to `hold` that was not given yet; from `keep` on it stays to be looked at again."""
        given = self._given
        hold = max(hold, given)
        keep = min(keep, hold)
        self._kept = data[keep:]
        self._given = hold - keep
        if keep:
            self._before = data[max(0, keep - ESCAPE_SIZE) : keep]
        if not marks:
            return Scanned(data[given:hold], [])
        result = masked(data, marks)[given:hold]
        inside = [mark for mark in marks if mark.stop > given and mark.start < hold]
        shifted = [
            mark._replace(start=max(mark.start, given) - given, stop=min(mark.stop, hold) - given)
            for mark in inside
        ]
        return Scanned(result, shifted)
