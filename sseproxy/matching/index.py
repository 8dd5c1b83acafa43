"""Which recorded requests are the same as one that comes in, found without looking at the others."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from sys import intern
from zlib import crc32

from sseproxy.exchange import Headers, Request
from sseproxy.matching.bodies import inflated
from sseproxy.matching.folding import fold
from sseproxy.matching.rules import Rules
from sseproxy.redaction import Rules as Redaction
from sseproxy.redaction import mask_request

SKETCH_BITS = 2048
_WORDS = 32  # of a value that have a bit of their own, so that texts can be alike
_OF_BODY = frozenset({b"content-type", b"content-encoding"})  # these say what the body is


@dataclass(frozen=True, slots=True)
class Found:
    """Recordings that answer a request, by number, in the order in which they were added."""

    key: bytes
    numbers: list[int]
    folded: bool = False
    """Whether they do so only because volatile ids were folded."""


def digest(parts: Mapping[str, str]) -> bytes:
    """Equal for equal parts, in each process."""
    return hashlib.blake2b(repr(sorted(parts.items())).encode(), digest_size=16).digest()


REMEMBERED = 4_096
"""Requests of which it is known what answers them: by 100 bytes or so each, whatever was asked."""


def sketch(parts: Iterable[tuple[str, str]]) -> int:
    """A bit for each part and each word: what two requests have in common shows in them, roughly."""
    bits = 0
    for place, value in parts:
        for word in (value, *value.split(maxsplit=_WORDS)[:_WORDS]):
            bits |= 1 << crc32(f"{place}\0{word}".encode("utf-8", "surrogatepass")) % SKETCH_BITS
    return bits


class Index:
    """Recorded requests by what counts of them. A request itself is not kept."""

    def __init__(self, rules: Rules, *, strict: bool = False, redaction: Redaction | None = None) -> None:
        """`strict`: volatile ids are never folded. `redaction`: what was masked in recordings; None: what we
        know of.
        """
        self._rules = rules
        self._headers = _OF_BODY | {name.lower().encode() for name in rules.all_headers()}
        self.strict = strict
        self._redaction = redaction
        self._exact: dict[bytes, list[int]] = defaultdict(list)
        self._folded: dict[bytes, list[int]] = defaultdict(list)
        self.sketches: dict[int, int] = {}
        """Of each recording by number."""
        self.routes: dict[int, tuple[str, str]] = {}
        """The method and path of each."""
        self._known: dict[bytes, Found | None] = {}

    def parts(self, request: Request) -> dict[str, str]:
        """The parts of a request that count. Credentials are masked first, as they are in recordings."""
        # Masking headers that nobody compares would take longer than all the rest.
        masked = mask_request(replace(request, headers=self._counting(request)), self._redaction)[0]
        return self._rules.parts(replace(inflated(masked), headers=masked.headers))

    def _counting(self, request: Request) -> Headers:
        return tuple(field for field in request.headers if field[0].lower() in self._headers)

    def fingerprint(self, request: Request) -> bytes:
        """Equal for requests that are the same byte for byte in all that may count."""
        head = repr((request.method, request.target, self._counting(request))).encode()
        return hashlib.blake2b(head + b"\n" + request.body, digest_size=16).digest()

    def look_up(self, request: Request) -> Found | None:
        """As `find`. Tests, and clients that don't give up, ask again: that takes 2 µs and not 30."""
        asked = self.fingerprint(request)
        if asked not in self._known:
            if len(self._known) == REMEMBERED:
                self._known.clear()
            self._known[asked] = self.find(self.parts(request))
        return self._known[asked]

    def masked(self, request: Request) -> Request:
        """The request as it is compared: its secrets masked, as in recordings, and its body inflated."""
        return inflated(mask_request(request, self._redaction)[0])

    def add(self, number: int, request: Request) -> None:
        self._known.clear()
        parts = self.parts(request)
        self.sketches[number] = sketch(parts.items())
        self.routes[number] = parts["method"], intern(parts.get("path", ""))
        key = digest(parts)
        self._exact[key].append(number)
        if not self.strict:
            folded = fold(parts)
            self._folded[key if folded == parts else digest(folded)].append(number)

    def folded(self, parts: Mapping[str, str]) -> Mapping[str, str]:
        """The parts as they are compared in the end."""
        return parts if self.strict else fold(parts)

    def groups(self) -> Collection[list[int]]:
        """The recordings of each request."""
        return self._exact.values()

    def find(self, parts: Mapping[str, str]) -> Found | None:
        """The recordings of a request with these parts; those of one that is alike where there are none."""
        key = digest(parts)
        if numbers := self._exact.get(key):
            return Found(key, numbers)
        if not self.strict:
            key = digest(fold(parts))
            if numbers := self._folded.get(key):
                return Found(key, numbers, folded=True)
        return None
