"""Which upstream a target goes to, and what it is called there. Text in, text out: nothing is normalised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sseproxy.errors import SseproxyError
from sseproxy.http1 import origin_form
from sseproxy.redaction import mask_no_url


# A key of each request's look-ups: compared by identity it costs nothing.
@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """`prefix` of the client's targets is replaced by `base`, the path of the upstream's URL."""

    prefix: bytes
    """Without a slash at the end; empty for the route that takes all."""
    url: str
    base: bytes

    def covers(self, target: bytes) -> bool:
        rest = target[len(self.prefix) :]
        return target.startswith(self.prefix) and rest[:1] in (b"", b"/", b"?")

    def rewrite(self, target: bytes) -> bytes:
        """The target as the upstream gets it."""
        path = self.base + target[len(self.prefix) :]
        return path if path.startswith(b"/") else b"/" + path


def parse_routes(specs: Sequence[str]) -> list[tuple[bytes, str]]:
    """`/prefix=URL` or `URL` (the same as `/=URL`) each; longest prefix first.

    Raises SseproxyError where two have one prefix.
    """
    routes: dict[bytes, str] = {}
    for spec in specs:
        prefix, equals, url = spec.partition("=") if spec.startswith("/") else ("/", "=", spec)
        if not equals or re.match(r"[\w-]+=https?://", spec):
            raise SseproxyError(f"--upstream {mask_no_url(spec)!r}: should be a URL, or /prefix=URL")
        key = prefix.rstrip("/").encode("utf-8", "surrogateescape")
        if key in routes:
            taken = f"{prefix!r} has an upstream already, {mask_no_url(routes[key])}"
            raise SseproxyError(f"--upstream {mask_no_url(spec)!r}: {taken}")
        routes[key] = url
    return sorted(routes.items(), key=lambda route: -len(route[0]))


def find_route(routes: Iterable[Route], target: bytes) -> Route | None:
    """The first route that covers the target, given in any form a client may send."""
    path = origin_form(target)
    if path == b"*":  # OPTIONS for the server as a whole
        return next((route for route in routes if not route.prefix), None)
    return next((route for route in routes if route.covers(path)), None)


def upstream_target(route: Route, target: bytes) -> bytes:
    """What the route's upstream is asked for."""
    path = origin_form(target)
    return path if path == b"*" else route.rewrite(path)
