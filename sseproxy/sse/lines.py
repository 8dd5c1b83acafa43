"""Newline-delimited JSON: bytes in, an event a line out. Not server-sent events, and of the same shape.

The content is not looked at. LF ends a line, a CR before it is white space of JSON, and a line of white
space alone is no event: so have it jsonlines.org and the parsers in use.
"""

from __future__ import annotations

from sseproxy.sse.parser import Event


class LineParser:
    """Feed it reads of any size; the same bytes give the same events however they are split."""

    def __init__(self) -> None:
        self._offset = 0  # bytes fed so far
        self._line: list[bytes] = []  # fragments of the line that has not ended yet
        self._start: int | None = None

    @property
    def unfinished(self) -> int | None:
        """The offset of the line that no LF has ended yet."""
        return self._start

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, oldest first."""
        base = self._offset
        self._offset += len(data)
        events: list[Event] = []
        *ended, rest = data.split(b"\n")
        position = base
        for piece in ended:
            start = position if self._start is None else self._start
            self._line.append(piece)
            line = b"".join(self._line)
            self._line.clear()
            self._start = None
            position += len(piece) + 1
            if line.strip():
                events.append(_event(line, start, position))
        if rest:
            self._start = position if self._start is None else self._start
            self._line.append(rest)
        return events


def _event(line: bytes, start: int, stop: int) -> Event:
    return Event(
        start=start,
        stop=stop,
        dispatched=True,
        type="message",
        data=line.strip().decode("utf-8", "replace"),
        id="",
        retry=None,
        comments=(),
        ignored=(),
    )
