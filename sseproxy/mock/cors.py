"""Lets the page of any origin read a replay, whoever the recording was made for.

The rules are those of the CORS protocol (WHATWG Fetch, section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sseproxy.exchange import Framing, Headers, Request, ResponseHead, header, tokens

ALLOW_ORIGIN = b"Access-Control-Allow-Origin"
_ALLOW_ORIGIN = ALLOW_ORIGIN.lower()
_ALLOW_HEADERS = b"Access-Control-Allow-Headers"
_ASKED_METHOD = b"access-control-request-method"
_ASKED_HEADERS = b"access-control-request-headers"


def asked_method(request: Request) -> str | None:
    """The method that a preflight asks leave for; None where the request is no preflight."""
    if request.method != "OPTIONS" or header(request.headers, b"origin") is None:
        return None
    method = header(request.headers, _ASKED_METHOD)
    return None if method is None else method.decode("latin-1")


def leave(request: Request, methods: Iterable[str]) -> ResponseHead:
    """The answer to a preflight: these methods, and every header that it asks for."""
    fields = [(b"Access-Control-Allow-Methods", ", ".join(methods).encode("latin-1"))]
    if (names := header(request.headers, _ASKED_HEADERS)) is not None:
        fields.append((_ALLOW_HEADERS, names))
    return admitted(ResponseHead(0, 204, b"No Content", "1.1", tuple(fields), Framing.NONE), request)


def admitted(head: ResponseHead, request: Request) -> ResponseHead:
    """The head as a page of the request's origin may read it.

    One that admits the page already stays as it is, and so does any for a client that names no origin.
    """
    origin = header(request.headers, b"origin")
    given = header(head.headers, _ALLOW_ORIGIN)
    if origin is None or given in (b"*", origin):
        return head
    if given is None:  # the server knew of no page
        return replace(head, headers=(*head.headers, *_admission(head.headers, origin)))
    return replace(head, headers=(*_readdressed(head.headers, origin), *_vary(head.headers)))


def _admission(headers: Headers, origin: bytes) -> Headers:
    """What a server would have added that admits the page, its cookies, and lets it read every header."""
    names = dict.fromkeys(name for name, _ in headers)
    exposed = ((b"Access-Control-Expose-Headers", b", ".join(names)),) if names else ()
    credentials = (b"Access-Control-Allow-Credentials", b"true")
    return ((ALLOW_ORIGIN, origin), credentials, *exposed, *_vary(headers))


def _readdressed(headers: Headers, origin: bytes) -> Headers:
    return tuple((name, origin if name.lower() == _ALLOW_ORIGIN else value) for name, value in headers)


def _vary(headers: Headers) -> Headers:
    """No cache may give one page the answer that names another."""
    told = tokens(headers, b"vary")
    return () if b"origin" in told or b"*" in told else ((b"Vary", b"Origin"),)
