"""How much a recorder leaves behind: the oldest cassettes go first."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sseproxy.cassette.naming import NAME_TIME, RECORDED
from sseproxy.errors import SseproxyError

log = logging.getLogger("sseproxy.proxy")

_RULE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([A-Za-z]*)")
_SIZES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_AGES = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_SKEW = 3_600
"""Seconds by which the clocks of two recorders of one folder may differ."""


@dataclass(frozen=True, slots=True)
class Keep:
    """A bound; None where there is none of this kind."""

    count: int | None = None
    size: float | None = None
    """Bytes."""
    age: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished cassette in the recorder's folder."""

    path: Path
    size: int
    modified: float
    """Seconds since 1970."""


def parse_keep(text: str) -> Keep:
    """`500` cassettes, `2GB` of them, or `7d` (m, h, d, w). Raises SseproxyError."""
    found = _RULE.fullmatch(text.strip())
    if found:
        amount, unit = float(found[1]), found[2].lower()
        if amount == 0:
            raise SseproxyError(f"--keep {text!r} would keep nothing")
        if not unit and amount.is_integer():
            return Keep(count=int(amount))
        if unit in _SIZES:
            return Keep(size=amount * _SIZES[unit])
        if unit in _AGES:
            return Keep(age=amount * _AGES[unit])
    raise SseproxyError(f"--keep {text!r}: should be a number (500), a size (2GB) or an age (7d)")


def expired(cassettes: Iterable[Kept], keep: Keep, now: float) -> list[Kept]:
    """Those that are over the bound, oldest first; names sort by time. `now`: seconds since 1970.

    A name from the future is of a clock that was wrong. It goes first: else nothing new is kept till then.
    """
    future = f"{datetime.fromtimestamp(now + _SKEW, UTC):{NAME_TIME}}"

    def age(cassette: Kept) -> tuple[bool, str]:
        return cassette.path.name < future, cassette.path.name

    newest_first = sorted(cassettes, key=age, reverse=True)
    total = 0
    gone = []
    for number, cassette in enumerate(newest_first, 1):
        total += cassette.size
        over_count = keep.count is not None and number > keep.count
        over_size = keep.size is not None and total > keep.size
        over_age = keep.age is not None and now - cassette.modified > keep.age
        if over_count or over_size or over_age:
            gone.append(cassette)
    return gone[::-1]


def tidy(folder: Path, keep: Keep, now: float) -> None:
    """Deletes what is over the bound: only files that bear a recorder's name, never one that is open."""
    try:
        named = [path for path in folder.iterdir() if RECORDED.fullmatch(path.name) and path.is_file()]
        finished = [kept for path in named if (kept := _kept(path))]
        over = expired(finished, keep, now)
        for cassette in over:
            cassette.path.unlink(missing_ok=True)
        if over:
            log.info("--keep: deleted the oldest %d of %d cassettes", len(over), len(finished))
    except OSError as error:
        log.warning("--keep can't be carried out in %s: %s", folder, error.strerror)


def _kept(path: Path) -> Kept | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None  # another recorder of the folder was quicker
    return Kept(path, state.st_size, state.st_mtime)
