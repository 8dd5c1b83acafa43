"""Which exchanges are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sseproxy.exchange import Request
from sseproxy.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Selection:
    """`only`: one of these must match (none given: all do); `skip`: none of these may."""

    only: Sequence[Pattern] = ()
    skip: Sequence[Pattern] = ()

    def wants(self, request: Request) -> bool:
        wanted = not self.only or any(pattern.matches(request) for pattern in self.only)
        return wanted and not any(pattern.matches(request) for pattern in self.skip)
