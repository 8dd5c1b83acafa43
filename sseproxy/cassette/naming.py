"""What cassettes are called, so that a folder listing tells the story."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

SUFFIX = ".sse.jsonl"
PART = SUFFIX + ".part"
"""A cassette that is being written, or whose recorder died."""
PACKED = SUFFIX + ".zst"
"""A finished cassette that has been compressed."""

RECORDED = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.\d{3}_[A-Za-z]+_.+_[0-9A-Z]{16}\.sse\.jsonl(\.zst)?")
"""A finished cassette with the name its recorder gave it; one that a person renamed is theirs."""

NAME_TIME = "%Y-%m-%d_%H-%M-%S"
"""The time, in UTC, with which its recorder's name begins, as strftime has it."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_PATH_LENGTH = 60
_NO_WORD = re.compile(r"[^A-Za-z0-9.]+")
_DOTS = re.compile(r"\.{2,}")
_NO_LETTERS = re.compile(r"[^A-Za-z]+")


def wall_text(wall: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return wall.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _base32(number: int) -> str:
    """16 letters."""
    return "".join([_PAIRS[number >> shift & 0x3FF] for shift in range(70, -1, -10)])


class Ids:
    """Ids of 16 letters that sort by time: 10 of milliseconds since 1970, 6 random or counted up."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last = 0

    def next(self, wall: datetime) -> str:
        """An id greater than all before it, also when the clock goes back."""
        fresh = int(wall.timestamp() * 1000) << 30 | self._random.getrandbits(30)
        self._last = max(self._last + 1, fresh)
        return _base32(self._last)


def file_name(wall: datetime, method: str, target: bytes, id: str) -> str:
    """`2026-11-23_00-41-34.120_POST_api-v1-prediction-5f0c_01KAQ3M5Z8T7QRSV.sse.jsonl`.

    Of the path only ASCII letters, digits, dot and hyphen go into the name; the query does not, for it may
    hold a secret.
    """
    date, _, time = wall_text(wall)[:-4].partition("T")
    path = target.partition(b"?")[0].partition(b"#")[0].decode("latin-1")
    words = _DOTS.sub(".", _NO_WORD.sub("-", path)).strip("-.")[:_PATH_LENGTH].rstrip("-.")
    verb = _NO_LETTERS.sub("", method)[:16]
    return f"{date}_{time.replace(':', '-')}_{verb or 'X'}_{words or 'root'}_{id}{SUFFIX}"
