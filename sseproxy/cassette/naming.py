"""What cassettes are called, so that a folder listing tells the story."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

SUFFIX = ".sse.jsonl"
PART = SUFFIX + ".part"
"""A cassette that is being written, or whose recorder died."""

RECORDED = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.\d{3}_[A-Za-z]+_.+_[0-9A-Z]{16}\.sse\.jsonl")
"""A finished cassette with the name its recorder gave it; one that a person renamed is theirs."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_PATH_LENGTH = 60


def wall_text(wall: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


class Ids:
    """Ids of 16 letters that sort by time: 10 of milliseconds since 1970, 6 random or counted up."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last = 0

    def next(self, wall: datetime) -> str:
        """An id greater than all before it, also when the clock goes back."""
        fresh = int(wall.timestamp() * 1000) << 30 | self._random.getrandbits(30)
        self._last = max(self._last + 1, fresh)
        return _base32(self._last, 16)


def file_name(wall: datetime, method: str, target: bytes, id: str) -> str:
    """`2026-11-23_00-41-34.120_POST_api-v1-prediction-5f0c_01KAQ3M5Z8T7QRSV.sse.jsonl`.

    Of the path only ASCII letters, digits, dot and hyphen go into the name; the query does not, for it may
    hold a secret.
    """
    time = wall.astimezone(UTC).strftime("%Y-%m-%d_%H-%M-%S.%f")[:-3]
    path = target.partition(b"?")[0].partition(b"#")[0].decode("latin-1")
    words = re.sub(r"[^A-Za-z0-9.]+", "-", path)
    words = re.sub(r"\.{2,}", ".", words).strip("-.")[:_PATH_LENGTH].rstrip("-.")
    verb = re.sub(r"[^A-Za-z]+", "", method)[:16]
    return f"{time}_{verb or 'X'}_{words or 'root'}_{id}{SUFFIX}"
