"""Writes that may fail: the recording is a guest, and the stream goes on whatever happens to it.

What a failed write loses is a hole. It is logged at once, counted, and told in the cassette as soon as
writing works again. A cassette that can't be ended stays a `.part` without an end: readers say incomplete.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from sseproxy.cassette import encode
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.exchange import HOLE, End, Ending
from sseproxy.redaction import Piece

log = logging.getLogger("sseproxy.proxy")


class GuestWriter:
    """The cassette of one exchange, as far as the disk allows."""

    def __init__(self, folder: Path, name: str, on_trouble: Callable[[], None]) -> None:
        """`on_trouble` is called once, when the first write fails."""
        self._folder = folder
        self._file_name = name
        self._on_trouble = on_trouble
        self._writer: CassetteWriter | None = None
        self._owed = b""  # lines that could not be written yet and that must not be missing
        self._open_hole = 0  # body bytes that could not be written since the last data that could
        self._lost = 0  # body bytes in the holes that a note tells of
        self.stored = 0
        """Body bytes in the cassette."""
        self.trouble = ""
        """Why the latest write that failed did."""

    @property
    def path(self) -> Path | None:
        """Where the cassette is, if it could be made."""
        return self._writer.path if self._writer else None

    def write_data(self, t: int, data: bytes) -> None:
        """One write: an arrival that needs no masking, as nearly all."""
        if self._owed or self._open_hole:
            self.write(b"", [Piece(t, data, False, [])])
        elif self._append(encode.data(t, data)):
            self.stored += len(data)
        else:
            self._open_hole += len(data)

    def write(self, lines: bytes, pieces: Sequence[Piece] = ()) -> None:
        """One write: lines that the cassette makes no sense without, then what may be written of arrivals."""
        coded, size, t = _coded(pieces), _size(pieces), pieces[0].t if pieces else 0
        if self._open_hole and size:
            coded = self._hole_note(t) + coded
        if lines or self._owed:
            self._owed += lines
            coded = self._owed + coded
        if self._append(coded):
            self._owed = b""
            if size:
                self.stored += size
                self._lost += self._open_hole
                self._open_hole = 0
        else:
            self._open_hole += size

    def offer(self, lines: bytes) -> bool:
        """Writes lines that may be missing, with what is owed; False: they could not be, and are dropped."""
        if not self._append(self._owed + lines):
            return False
        self._owed = b""
        return True

    def abandon(self) -> None:
        """Writes nothing more."""
        if self._writer:
            self._writer.close()

    def finish(
        self,
        lines: bytes,
        pieces: Sequence[Piece],
        end: End,
        redacted: Sequence[str] = (),
        *,
        mask: Callable[[BinaryIO], Iterable[bytes]] | None = None,
    ) -> End:
        """The last write and the final name, one after the other. Gives the end to tell of.

        `redacted`: what was masked in the end. `mask`: what all that was written becomes before it gets
        its name, line by line; where it gives no lines, that stays.
        """
        self._owed += lines
        written = replace(end, bytes=self.stored + _size(pieces))
        if self.trouble or not self._append(self._owed + _coded(pieces) + encode.end(written, redacted)):
            written, ended = self._finish_after_trouble(pieces, end)
        else:
            ended = True
        if self._writer:
            if ended and not self._named(self._writer, mask):
                detail = f"the cassette has no final name: {self.trouble}; the stream ended {end.reason}"
                written = replace(written, reason=Ending.LOSSY, detail=detail)
            self._writer.close()
        return written

    def _finish_after_trouble(self, pieces: Sequence[Piece], end: End) -> tuple[End, bool]:
        """The end, and whether the cassette has it."""
        self.write(b"", pieces)
        missing = self._lost + self._open_hole
        end = replace(end, bytes=self.stored)
        if missing:
            detail = f"{missing} body bytes were not recorded: {self.trouble}; the stream ended {end.reason}"
            end = replace(end, reason=Ending.LOSSY, detail=detail)
        return end, self._append(self._owed + self._hole_note(end.t) + encode.end(end))

    def _hole_note(self, t: int) -> bytes:
        """Marks where data that could not be written is missing."""
        if not self._open_hole:
            return b""
        text = f"{self._open_hole} body bytes are missing here: {self.trouble}"
        return encode.note(t, text, [HOLE])

    def _append(self, lines: bytes) -> bool:
        try:
            if self._writer is None:
                self._writer = CassetteWriter(self._folder, self._file_name)
            self._writer.append(lines)
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _named(self, writer: CassetteWriter, mask: Callable[[BinaryIO], Iterable[bytes]] | None) -> bool:
        try:
            if mask:
                writer.rewrite(mask)
            writer.finish()
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: OSError) -> None:
        if not self.trouble:
            log.error("%s is not fully recorded: %s; the stream goes on", self._file_name, error.strerror)
            self._on_trouble()
        self.trouble = error.strerror or str(error)


def _coded(pieces: Sequence[Piece]) -> bytes:
    return b"".join(map(_lines, pieces))


def _lines(piece: Piece) -> bytes:
    if not piece.marks:
        return encode.data(piece.t, piece.data, more=piece.more)
    marks = [(mark.start, mark.stop, mark.name) for mark in piece.marks]
    return encode.masked_data(piece.t, piece.data, marks, more=piece.more)


def _size(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.data) for piece in pieces)
