"""Requests that must not be passed on, whatever a parser makes of them.

Each is one that another hop may read differently: what two hops read differently can smuggle a request past
one of them (RFC 9112, section 11.2).
"""

from __future__ import annotations

import re

from sseproxy.exchange import Headers, Request, header, tokens

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's head."""

_ABSOLUTE = re.compile(rb"(?i)https?://[^/?#]*")


def refusal(request: Request) -> tuple[int, str] | None:
    """The status and sentence for a request that is refused; None for one that is fine."""
    if request.version not in ("1.0", "1.1"):
        return 505, f"HTTP/{request.version} is not spoken here; send HTTP/1.1"
    if request.method == "CONNECT":
        return 405, "CONNECT is refused: this is a reverse proxy and reaches its upstreams only"
    if not (request.target.startswith(b"/") or request.target == b"*" or _ABSOLUTE.match(request.target)):
        return 400, "the request's target is neither a path nor an http URL"
    if sum(len(name) + len(value) + 4 for name, value in request.headers) > HEAD_LIMIT:
        return 431, f"a head is at most {HEAD_LIMIT} bytes"
    hosts = sum(name.lower() == b"host" for name, _ in request.headers)
    if hosts > 1 or (hosts == 0 and request.version == "1.1"):
        return 400, f"a request has one Host, this one has {hosts}"
    coded = header(request.headers, b"transfer-encoding") is not None
    if coded and (tokens(request.headers, b"transfer-encoding") != [b"chunked"] or request.version == "1.0"):
        return 400, "the only Transfer-Encoding of a request is chunked, in HTTP/1.1"
    lengths = [value for name, value in request.headers if name.lower() == b"content-length"]
    if lengths and (coded or len(lengths) > 1 or not re.fullmatch(rb"[0-9]+", lengths[0].strip(b" \t"))):
        return 400, "the length of the request's body is told in more than one way"
    return None


def origin_form(target: bytes) -> bytes:
    """The target as an origin server wants it: of an absolute URL the authority is dropped.

    Everything else stays byte for byte (RFC 9112, section 3.2.2).
    """
    if authority := _ABSOLUTE.match(target):
        rest = target[authority.end() :]
        return rest if rest.startswith(b"/") else b"/" + rest
    return target


def asks_for_websocket(headers: Headers) -> bool:
    """Whether the connection is to become a WebSocket (RFC 6455, section 4.1).

    Any other upgrade is not for us to make: the request is passed on without it.
    """
    upgrade = (header(headers, b"upgrade") or b"").lower()
    return upgrade == b"websocket" and b"upgrade" in tokens(headers, b"connection")
