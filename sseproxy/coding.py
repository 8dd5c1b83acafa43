"""Content codings, decoded for eyes and never on the path of bytes (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class CodingError(Exception):
    """A body that is not what its Content-Encoding says, or says what is not known here."""


class Decoder(Protocol):
    def feed(self, data: bytes) -> bytes:
        """What these coded bytes add to the plain ones. Raises CodingError."""

    def finish(self) -> None:
        """Raises CodingError where the coded body ended too early."""


class _Identity:
    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> None:
        pass


class _Gzip:
    """RFC 1952 allows several members one after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        plain = []
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._begun = True
            try:
                plain.append(self._member.decompress(data))
            except zlib.error as error:
                raise CodingError(f"the body is not gzip as its head says ({error})") from None
            data = self._member.unused_data
        return b"".join(plain)

    def finish(self) -> None:
        if self._begun and not self._member.eof:
            raise CodingError("the gzip body ends too early")


class _Deflate:
    """The zlib format, or the bare deflate data that some servers send in its place."""

    def __init__(self) -> None:
        self._start = b""
        self._inflate: zlib._Decompress | None = None

    def feed(self, data: bytes) -> bytes:
        if not self._inflate:
            self._start += data
            if len(self._start) < 2:
                return b""
            data, zlib_head = self._start, int.from_bytes(self._start[:2])
            wrapped = zlib_head % 31 == 0 and self._start[0] & 15 == 8
            self._inflate = zlib.decompressobj(wbits=15 if wrapped else -15)
        try:
            plain = self._inflate.decompress(data)
        except zlib.error as error:
            raise CodingError(f"the body is not deflate as its head says ({error})") from None
        if self._inflate.unused_data:
            raise CodingError("the deflate body goes on behind its end")
        return plain

    def finish(self) -> None:
        if self._start and not (self._inflate and self._inflate.eof):
            raise CodingError("the deflate body ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        self._begun = True
        try:
            plain: bytes = self._stream.process(data)
        except brotli.error:
            raise CodingError("the body is not br as its head says") from None
        return plain

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise CodingError("the br body ends too early")


class _Zstd:
    """RFC 8878 allows several frames one after the other."""

    def __init__(self) -> None:
        self._frame = zstd.ZstdDecompressor()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        plain = []
        while data:
            if self._frame.eof:
                self._frame = zstd.ZstdDecompressor()
            self._begun = True
            try:
                plain.append(self._frame.decompress(data))
            except zstd.ZstdError as error:
                raise CodingError(f"the body is not zstd as its head says ({error})") from None
            data = self._frame.unused_data if self._frame.eof else b""
        return b"".join(plain)

    def finish(self) -> None:
        if self._begun and not self._frame.eof:
            raise CodingError("the zstd body ends too early")


class _Chain:
    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    def feed(self, data: bytes) -> bytes:
        for decoder in self._decoders:
            data = decoder.feed(data)
        return data

    def finish(self) -> None:
        for decoder in self._decoders:
            decoder.finish()


_CODINGS: dict[bytes, type[Decoder]] = {
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
    return _Chain([_CODINGS[coding]() for coding in reversed(codings)])
