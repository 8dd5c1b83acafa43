"""Bytes in, events out: the event-stream grammar of WHATWG HTML, section 9.2.6.

The parser is incremental and never looks back: a line is kept as the fragments its reads
brought and joined once, so the work is linear in the input however it was split. Lines are split on
bytes and decoded one by one, which is the same as decoding the stream first: CR and LF are
never part of a longer UTF-8 sequence.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
RETRY_LIMIT = 2**63 - 1
"""A longer `retry` is held at this many milliseconds: 292 million years, and it fits every consumer."""

_LINE_END = re.compile(rb"\r\n?|\n")


class Reason(StrEnum):
    """Why a line had no effect."""

    UNKNOWN_FIELD = "unknown field"
    ID_HAS_NUL = "id contains NUL"
    RETRY_NOT_DIGITS = "retry is not all ASCII digits"


class Ignored(NamedTuple):
    """A line that the grammar allows and no one acts upon."""

    line: str
    reason: Reason


class Event(NamedTuple):
    """One block of lines, ended by a blank line; a tuple, which is made in a third of a data class's time.

    `start` and `stop` are byte offsets into the stream. `stop` lies behind the byte that completed
    the event: the first byte of the blank line's end. Where that is the CR of a CRLF, the LF lies
    between this event and the next, because the event was complete before it came.
    """

    start: int
    stop: int
    dispatched: bool
    """False for a block without `data`: nobody who listens to the stream sees it."""
    type: str
    """`message` where the block names none."""
    data: str
    id: str
    """The last event ID as it stands at this event; it outlives the block that set it."""
    retry: int | None
    """Reconnection time in ms, from this block alone."""
    comments: tuple[str, ...]
    ignored: tuple[Ignored, ...]


class EventStreamParser:
    """Feed it reads of any size; the same bytes give the same events however they are split."""

    def __init__(self) -> None:
        self._offset = 0  # bytes fed so far
        self._after_cr = False  # the last byte was a CR: an LF that follows belongs to it
        self._first_line = True
        self._last_id = ""
        self._line: list[bytes] = []  # fragments of the line that has not ended yet
        self._reset()

    def _reset(self) -> None:
        self._start: int | None = None  # where the open block began
        self._blank = True  # nothing but line ends so far
        self._type = ""
        self._data: list[str] = []
        self._retry: int | None = None
        self._comments: list[str] = []
        self._ignored: list[Ignored] = []

    @property
    def unfinished(self) -> int | None:
        """The offset of the block that no blank line has ended yet; at the end of a stream it is lost."""
        return self._start

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, oldest first."""
        if not data:
            return []
        if self._begins_block and data.endswith(b"\n\n") and b"\r" not in data:
            return self._whole_blocks(data)
        base = self._offset
        self._offset += len(data)
        events: list[Event] = []
        position = 1 if self._after_cr and data[0] == 0x0A else 0
        self._after_cr = data[-1] == 0x0D
        for end in _LINE_END.finditer(data, position):
            if self._start is None:
                self._start = base + position
            self._line.append(data[position : end.start()])
            line = b"".join(self._line)
            self._line.clear()
            position = end.end()
            if self._first_line:
                self._first_line = False
                line = line.removeprefix(BOM)
            if line:
                self._take(line.decode("utf-8", "replace"))
                continue
            if not self._blank:
                events.append(self._end_block(base + end.start() + 1))
            self._reset()
        if position < len(data):
            if self._start is None:
                self._start = base + position
            self._line.append(data[position:])
        return events

    @property
    def _begins_block(self) -> bool:
        """Whether what comes next begins one, and is not the first."""
        return self._start is None and not (self._after_cr or self._first_line)

    def _whole_blocks(self, data: bytes) -> list[Event]:
        """The events of a read that holds whole ones alone, as most do, in half the time."""
        base = self._offset
        self._offset += len(data)
        events: list[Event] = []
        position = 0
        while position < len(data):
            if data[position] == 0x0A:  # a further blank line
                position += 1
                continue
            end = data.index(b"\n\n", position)
            for line in data[position:end].decode("utf-8", "replace").split("\n"):
                self._take(line)
            self._start = base + position
            position = end + 2
            events.append(self._end_block(base + position))
            self._reset()
        return events

    def _take(self, text: str) -> None:
        self._blank = False
        field, colon, value = text.partition(":")
        if value[:1] == " ":
            value = value[1:]
        if field == "data":
            self._data.append(value)
            return
        match field:
            case "" if colon:
                self._comments.append(text[1:])
            case "event":
                self._type = value
            case "id" if "\0" in value:
                self._ignored.append(Ignored(text, Reason.ID_HAS_NUL))
            case "id":
                self._last_id = value
            case "retry" if value.isascii() and value.isdigit():
                self._retry = _milliseconds(value)
            case "retry":
                self._ignored.append(Ignored(text, Reason.RETRY_NOT_DIGITS))
            case _:
                self._ignored.append(Ignored(text, Reason.UNKNOWN_FIELD))

    def _end_block(self, stop: int) -> Event:
        assert self._start is not None
        return Event(
            start=self._start,
            stop=stop,
            dispatched=bool(self._data),
            type=self._type or "message",
            data="\n".join(self._data),
            id=self._last_id,
            retry=self._retry,
            comments=tuple(self._comments),
            ignored=tuple(self._ignored),
        )


def _milliseconds(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    # int() refuses more than 4,300 digits; 19 are enough to pass the limit.
    return min(int(significant[:20]), RETRY_LIMIT)
