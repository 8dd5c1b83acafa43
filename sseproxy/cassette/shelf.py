"""What was read of cassettes, kept for the next library: tests open the same ones many times."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sseproxy.cassette import store
from sseproxy.cassette.naming import PACKED
from sseproxy.exchange import Exchange, Head, Request

LARGEST = 256 * 1024
"""Bytes on disk of a cassette that is kept, which are some times as many in memory. A packed one never is."""
_SETTLED = 1_000_000_000
"""Nanoseconds. What is younger may be written again without its time of change telling so."""


class _Stamp(NamedTuple):
    """What changes when a file does."""

    inode: int
    size: int
    modified: int
    changed: int


class Shelf:
    """Reads like `cassette.store`, and a file that has not changed since only once."""

    def __init__(self) -> None:
        self._exchange = lru_cache(64)(_exchange)
        self._request = lru_cache(1024)(_request)

    def load(self, path: Path) -> Exchange:
        """As `store.load`."""
        stamp = _stamp(path)
        return self._exchange(path, stamp) if stamp else store.load(path)

    def load_request(self, path: Path) -> tuple[Head, Request | None]:
        """As `store.load_request`."""
        stamp = _stamp(path)
        return self._request(path, stamp) if stamp else store.load_request(path)


def _exchange(path: Path, _: _Stamp) -> Exchange:
    return store.load(path)


def _request(path: Path, _: _Stamp) -> tuple[Head, Request | None]:
    return store.load_request(path)


def _stamp(path: Path) -> _Stamp | None:
    """None for what is not to be kept; what can't be read is told by the one who reads."""
    try:
        found = path.stat()
    except OSError:
        return None
    if found.st_size > LARGEST or path.name.endswith(PACKED) or time.time_ns() - found.st_mtime_ns < _SETTLED:
        return None
    return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
