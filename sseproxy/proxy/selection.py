"""Which exchanges are recorded: `METHOD path-glob` patterns, as in `POST /api/*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Request
from sseproxy.http1 import origin_form


@dataclass(frozen=True, slots=True)
class Pattern:
    method: str
    """`*` for any."""
    path: re.Pattern[str]

    def matches(self, request: Request) -> bool:
        path = origin_form(request.target).partition(b"?")[0].decode("latin-1")
        return self.method in ("*", request.method) and self.path.match(path) is not None


def parse_pattern(text: str) -> Pattern:
    """`METHOD path-glob` or `path-glob`; `*` in a glob spans slashes too. Raises SseproxyError."""
    words = text.split()
    if len(words) == 1:
        words.insert(0, "*")
    if len(words) != 2 or not words[1].startswith(("/", "*")):
        raise SseproxyError(f"{text!r} should be a path pattern, or METHOD and a path pattern: 'POST /api/*'")
    return Pattern(words[0].upper(), re.compile(translate(words[1])))


@dataclass(frozen=True, slots=True)
class Selection:
    """`only`: one of these must match (none given: all do); `skip`: none of these may."""

    only: Sequence[Pattern] = ()
    skip: Sequence[Pattern] = ()

    def wants(self, request: Request) -> bool:
        wanted = not self.only or any(pattern.matches(request) for pattern in self.only)
        return wanted and not any(pattern.matches(request) for pattern in self.skip)
