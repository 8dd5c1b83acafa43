"""Which requests are meant: `METHOD path-glob`, as in `POST /api/*`."""

from __future__ import annotations

import re
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
