"""Content codings, decoded for eyes and never on the path of bytes (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


PIECE = 65_536
"""Bytes: a few coded ones may stand for any number of plain ones, which come in pieces of this size."""


class CodingError(Exception):
    """A body that is not what its Content-Encoding says, or says what is not known here."""


class _Coding(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these coded bytes add to the plain ones. Raises CodingError."""

    def finish(self) -> None:
        """Raises CodingError where the coded body ended too early."""


class _Identity:
    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        pass


class _Gzip:
    """RFC 1952 allows several members one after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._begun = True
            try:
                yield from _inflated(self._member, data)
            except zlib.error as error:
                raise CodingError(f"the body is not gzip as its head says ({error})") from None
            data = self._member.unused_data

    def finish(self) -> None:
        if self._begun and not self._member.eof:
            raise CodingError("the gzip body ends too early")


class _Deflate:
    """The zlib format, or the bare deflate data that some servers send in its place."""

    def __init__(self) -> None:
        self._start = b""
        self._inflate: zlib._Decompress | None = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if not self._inflate:
            self._start += data
            if len(self._start) < 2:
                return
            data, zlib_head = self._start, int.from_bytes(self._start[:2])
            wrapped = zlib_head % 31 == 0 and self._start[0] & 15 == 8
            self._inflate = zlib.decompressobj(wbits=15 if wrapped else -15)
        try:
            yield from _inflated(self._inflate, data)
        except zlib.error as error:
            raise CodingError(f"the body is not deflate as its head says ({error})") from None
        if self._inflate.unused_data:
            raise CodingError("the deflate body goes on behind its end")

    def finish(self) -> None:
        if self._start and not (self._inflate and self._inflate.eof):
            raise CodingError("the deflate body ends too early")


def _inflated(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Raises zlib.error."""
    piece = member.decompress(data, PIECE)
    yield piece
    # At its end what is not consumed is what lies behind it, and stays.
    while not member.eof and (piece or member.unconsumed_tail):
        piece = member.decompress(member.unconsumed_tail, PIECE)
        yield piece


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._begun = True
        try:
            piece: bytes = self._stream.process(data, output_buffer_limit=PIECE)
            while piece or not self._stream.can_accept_more_data():
                yield piece
                piece = self._stream.process(b"", output_buffer_limit=PIECE)
        except brotli.error:
            raise CodingError("the body is not br as its head says") from None

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise CodingError("the br body ends too early")


class _Zstd:
    """RFC 8878 allows several frames one after the other."""

    def __init__(self) -> None:
        self._frame = zstd.ZstdDecompressor()
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame.eof:
                self._frame = zstd.ZstdDecompressor()
            self._begun = True
            try:
                yield self._frame.decompress(data, PIECE)
                while not (self._frame.eof or self._frame.needs_input):
                    yield self._frame.decompress(b"", PIECE)
            except zstd.ZstdError as error:
                raise CodingError(f"the body is not zstd as its head says ({error})") from None
            data = self._frame.unused_data if self._frame.eof else b""

    def finish(self) -> None:
        if self._begun and not self._frame.eof:
            raise CodingError("the zstd body ends too early")


class Decoder:
    """Codings that were applied one after the other, undone."""

    def __init__(self, codings: list[_Coding]) -> None:
        self._codings = codings

    def feed(self, data: bytes) -> bytes:
        """What these coded bytes add to the plain ones. Raises CodingError."""
        return b"".join(self.pieces(data))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The same, in memory that does not grow with them. Raises CodingError where it comes to that."""
        return self._undone(data, 0)

    def _undone(self, data: bytes, step: int) -> Iterator[bytes]:
        if step == len(self._codings):
            yield data
            return
        for piece in self._codings[step].pieces(data):
            yield from self._undone(piece, step + 1)

    def finish(self) -> None:
        """Raises CodingError where the coded body ended too early."""
        for coding in self._codings:
            coding.finish()


_CODINGS: dict[bytes, type[_Coding]] = {
    b"identity": _Identity,
    b"gzip": _Gzip,
    b"x-gzip": _Gzip,
    b"deflate": _Deflate,
    b"br": _Brotli,
    b"zstd": _Zstd,
}


def decoder(codings: list[bytes]) -> Decoder:
    """A decoder for the tokens of Content-Encoding, lower-cased, in the order the sender applied them.

    Raises CodingError for a coding that is not known here.
    """
    unknown = [coding.decode("latin-1") for coding in codings if coding not in _CODINGS]
    if unknown:
        raise CodingError(f"can't decode Content-Encoding {', '.join(unknown)}")
    return Decoder([_CODINGS[coding]() for coding in reversed(codings)])
