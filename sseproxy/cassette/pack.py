"""Cassettes as zstd files, one for one: `NAME.sse.jsonl.zst`. Every command reads them as they are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sseproxy.cassette.decode import decode
from sseproxy.cassette.naming import PACKED, SUFFIX
from sseproxy.errors import CassetteError, SseproxyError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 12
"""Of zstd's 1 to 22: cassettes are packed once and small."""


def read(path: Path) -> bytes:
    """The lines of a cassette, packed or not. Raises OSError, and CassetteError for what is no zstd."""
    data = path.read_bytes()
    return _unpacked(data, path) if path.name.endswith(PACKED) else data


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Iterable[bytes]]:
    """The same, line by line, read as far as they are asked for. Raises as `read` does."""
    if not path.name.endswith(PACKED):
        with path.open("rb") as plain:
            yield plain
        return
    try:
        with zstd.open(path) as packed:
            yield packed
    except (zstd.ZstdError, EOFError) as error:
        raise CassetteError(f"can't be unpacked: {error}", path) from None


def _unpacked(data: bytes, path: Path) -> bytes:
    try:
        lines: bytes = zstd.decompress(data)
        return lines
    except zstd.ZstdError as error:
        raise CassetteError(f"can't be unpacked: {error}", path) from None


def pack(path: Path) -> Path:
    """Puts the packed cassette in the place of a finished one; its new path.

    The old file goes when the new one is whole on the disk. Raises CassetteError for a file that is no
    cassette, SseproxyError where it can't be written.
    """
    return _replace(path, path.with_name(path.name.removesuffix(SUFFIX) + PACKED), packed=True)


def unpack(path: Path) -> Path:
    """The way back; as `pack`."""
    return _replace(path, path.with_name(path.name.removesuffix(PACKED) + SUFFIX), packed=False)


def _replace(old: Path, new: Path, *, packed: bool) -> Path:
    try:
        lines, state = read(old), old.stat()
        try:
            decode(lines)
        except CassetteError as error:
            raise error.located(old) from None
        _put(new, zstd.compress(lines, LEVEL) if packed else lines, state)
        old.unlink()
    except OSError as error:
        raise SseproxyError(f"{old}: can't be replaced: {error.strerror}") from None
    return new


def write(path: Path, lines: bytes) -> None:
    """Puts other lines into a cassette, packed or not: all, or none and raises SseproxyError."""
    try:
        _put(path, zstd.compress(lines, LEVEL) if path.name.endswith(PACKED) else lines, path.stat())
    except OSError as error:
        raise SseproxyError(f"{path}: can't be replaced: {error.strerror}") from None


def _put(path: Path, data: bytes, state: os.stat_result) -> None:
    """Writes a whole file beside, then moves it there; with the times of the one whose place it takes."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.utime(beside, ns=(state.st_atime_ns, state.st_mtime_ns))  # `record --keep 7d` goes by it
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
