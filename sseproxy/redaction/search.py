"""Secrets in a body that stands, read piece by piece: of a stream only what is not decided yet is held.

Events are looked at in blocks, and so is what they spell together. A block ends where nothing that began in
it can go on, so it makes no difference where that is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import accumulate
from typing import NamedTuple

from sseproxy.exchange import Headers, media_type
from sseproxy.redaction.beginnings import ESCAPE_SIZE
from sseproxy.redaction.lines import select_in_lines
from sseproxy.redaction.lookup import EVENT_ENDS
from sseproxy.redaction.mask import BEGUN, Mark, mask_length, masked, merged
from sseproxy.redaction.paths import find_paths
from sseproxy.redaction.rules import Rules
from sseproxy.redaction.scanner import Scanner
from sseproxy.redaction.stream import select_in_events
from sseproxy.redaction.texts import Text, texts
from sseproxy.sse import EVENT_STREAM, LINES

BLOCK = 256 * 1024
"""Bytes that are looked at together, at least."""


class Secret(NamedTuple):
    mark: Mark
    """Where it stands in the body."""
    data: bytes
    """What stands there, which may be a mask."""
    pieces: tuple[tuple[int, int], ...] = ()
    """Those that have some of it: the number of each, and where in the body it begins."""

    @property
    def is_masked(self) -> bool:
        """Whether the mask that it should have stands there already."""
        return masked(self.data, [self.mark._replace(start=0, stop=len(self.data))]) == self.data


class Search:
    """Looks for secrets in the body of a response, which is not compressed."""

    def __init__(self, headers: Headers, rules: Rules) -> None:
        kind = media_type(headers)
        self._rules = rules
        self._is_events, self._is_lines = kind == EVENT_STREAM, kind in LINES
        self._lookup = rules.stream if self._is_events else rules.plain
        # A user's own expression may look at anything that stands before.
        self._in_blocks = (self._is_events or (self._is_lines and not rules.paths)) and not rules.patterns
        self._block: list[bytes] = []
        self._start = 0  # of the block in the body
        self._size = 0  # of the block
        self._enough = BLOCK
        self._places = _Places()
        self._channels: dict[bytes, _Channel] = {}
        self._undecided: dict[bytes, _Channel] = {}  # those of which a text waits
        # Apart by how they were found: of two that overlap the name of the one before holds.
        self._scanned: list[Secret] = []
        self._spelled: list[Secret] = []
        self._selected: list[Secret] = []

    def feed(self, number: int, data: bytes) -> None:
        """A piece of the body, which has this number."""
        self._places.add(self._start + self._size, number)
        self._block.append(data)
        self._size += len(data)
        if self._in_blocks and self._size >= self._enough:
            self._look()

    def finish(self) -> list[Secret]:
        """All that was found in the body, which has ended: in order, none overlapping another."""
        self._take(b"".join(self._block), final=True)
        self._decide(final=True)
        return list(_merged([*self._scanned, *sorted(self._spelled), *self._selected]))

    def _look(self) -> None:
        """Takes the events of the block that are complete, if nothing in them can go on in the next one."""
        data = b"".join(self._block)
        ends = EVENT_ENDS if self._is_events else (b"\n",)
        stop = max(data.rfind(end) + len(end) if end in data else 0 for end in ends)
        if not (stop and self._take(data[:stop], final=False)):
            self._block = [data]
            self._enough = 2 * self._size
            return
        self._decide()
        self._block = [data[stop:]]
        self._start, self._size, self._enough = self._start + stop, len(data) - stop, BLOCK
        waiting = (channel.start for channel in self._undecided.values())
        self._places.forget(min(waiting, default=self._start))

    def _take(self, data: bytes, *, final: bool) -> bool:
        """False: something may go on behind these data, and nothing was taken."""
        scanner = Scanner(self._lookup)
        marks = scanner.feed(data, final=final).marks
        if not (final or scanner.idle):
            return False
        self._scanned += self._placed(self._marked(data, marks))
        self._selected += self._placed(self._marked(data, self._select(data)))
        for name, start, stop in self._texts(data):
            channel = self._channels.get(name)
            if channel is None:
                channel = self._channels[name] = _Channel(self._rules)
            channel.add(self._start + start, data[start:stop])
            self._undecided[name] = channel
        return True

    def _select(self, data: bytes) -> list[Mark]:
        if self._is_events:
            return select_in_events(data, self._rules.paths)
        return (select_in_lines if self._is_lines else find_paths)(data, self._rules.paths)

    def _texts(self, data: bytes) -> Iterable[Text]:
        return texts(data, lines=self._is_lines) if self._is_events or self._is_lines else ()

    def _decide(self, *, final: bool = False) -> None:
        for name, channel in list(self._undecided.items()):
            self._spelled += self._placed(channel.decide(final=final))
            if channel.is_decided:
                del self._undecided[name]

    def _marked(self, data: bytes, marks: Iterable[Mark]) -> Iterator[Secret]:
        """What is marked in the block, in the body."""
        for mark in marks:
            start, stop = mark.start + self._start, mark.stop + self._start
            yield Secret(mark._replace(start=start, stop=stop), data[mark.start : mark.stop])

    def _placed(self, secrets: Iterable[Secret]) -> Iterator[Secret]:
        return (secret._replace(pieces=self._places.of(secret.mark)) for secret in secrets)


class _Places:
    """Where those pieces of the body begin that are still asked about: 16 bytes each."""

    def __init__(self) -> None:
        self._starts = array("q")
        self._numbers = array("q")

    def add(self, start: int, number: int) -> None:
        self._starts.append(start)
        self._numbers.append(number)

    def of(self, mark: Mark) -> tuple[tuple[int, int], ...]:
        """The pieces that a mark has some of: their numbers, and where they begin."""
        some = slice(bisect_right(self._starts, mark.start) - 1, bisect_left(self._starts, mark.stop))
        return tuple(zip(self._numbers[some], self._starts[some], strict=True))

    def forget(self, before: int) -> None:
        """Lets go of the pieces that end before this place."""
        count = max(0, bisect_right(self._starts, before) - 1)
        del self._starts[:count], self._numbers[:count]


class _Channel:
    """Texts that belong together: what they spell when they are joined."""

    def __init__(self, rules: Rules) -> None:
        self._lookup = rules.plain
        self._scanner = Scanner(rules.plain)
        self._before = b""  # the end of what was decided
        self._texts: list[tuple[int, bytes]] = []  # where they stand in the body, and they themselves
        self._size = 0
        self._enough = 0

    @property
    def is_decided(self) -> bool:
        """Whether no text waits for what comes next."""
        return not self._texts

    @property
    def start(self) -> int:
        """Where in the body the first text stands that waits."""
        return self._texts[0][0]

    def add(self, start: int, text: bytes) -> None:
        self._texts.append((start, text))
        self._size += len(text)

    def decide(self, *, final: bool = False) -> Iterator[Secret]:
        """What the texts spell, if nothing in them can go on in the next; tried as often as they double."""
        if not final and self._size < self._enough:
            return
        joined = b"".join(text for _, text in self._texts)
        scanner = copy(self._scanner)
        marks = scanner.feed(joined, final=final).marks
        gone_on = list(self._gone_on(joined))
        if not final and (not scanner.idle or any(mark.stop == len(joined) for mark in gone_on)):
            self._enough = 2 * self._size
            return
        # Of a mask that goes on nothing may be left to be masked.
        yield from _spread(merged(marks, (mark for mark in gone_on if mark.start < mark.stop)), self._texts)
        self._scanner = scanner
        self._before = (self._before + joined)[-ESCAPE_SIZE:]
        self._texts, self._size, self._enough = [], 0, 0

    def _gone_on(self, joined: bytes) -> Iterator[Mark]:
        """The rest of keys of which a text's end has the first part, masked already when it came."""
        if BEGUN not in joined:
            return
        ends = set(accumulate(len(text) for _, text in self._texts))
        before = len(self._before)
        for start, stop, name, resume in self._lookup.standing(self._before + joined):
            if start >= before and stop - before in ends:
                end, _ = resume(joined, stop - before, final=True)
                yield Mark(stop - before, end, name, begun=stop - start)


def _spread(marks: Iterable[Mark], pieces: Iterable[tuple[int, bytes]]) -> Iterator[Secret]:
    """What is marked in the joined texts, text by text."""
    waiting = iter(marks)
    mark = next(waiting, None)
    behind = 0  # of the joined texts
    for at, text in pieces:
        before, behind = behind, behind + len(text)
        while mark and mark.start < behind:
            start, stop = max(mark.start, before), min(mark.stop, behind)
            shift = at - before
            data = text[start - before : stop - before]
            yield Secret(mark._replace(start=start + shift, stop=stop + shift), data)
            if mark.stop > behind:
                mark = mark._replace(start=behind, begun=mark.begun + mask_length(data))
                break
            mark = next(waiting, None)


def _merged(secrets: Iterable[Secret]) -> Iterator[Secret]:
    """As `mask.merged`, with what is marked."""
    last: Secret | None = None
    for secret in sorted(secrets, key=lambda each: each.mark[:2]):
        if last is None or secret.mark.start >= last.mark.stop:
            if last:
                yield last
            last = secret
        elif secret.mark.stop > last.mark.stop:
            last = Secret(
                last.mark._replace(stop=secret.mark.stop),
                last.data + secret.data[last.mark.stop - secret.mark.start :],
                tuple(dict.fromkeys(last.pieces + secret.pieces)),
            )
    if last:
        yield last
