"""What a request's body is: in plain bytes to be compared, and in words where two are not of one kind."""

from __future__ import annotations

from dataclasses import replace

from sseproxy.coding import CodingError
from sseproxy.exchange import Request, header, media_type
from sseproxy.matching.json_text import why_not_json
from sseproxy.matching.parts import is_of_body, parts_of
from sseproxy.printable import printable
from sseproxy.redaction.body import TooMuchError, inflating

_SHOWN = 400  # bytes of a body that are shown


def inflated(request: Request) -> Request:
    """The request with its body decoded; as it is where that can't be done, or would become too much."""
    if not request.body or (coding := inflating(request.headers)) is None:
        return request
    try:
        body = b"".join(coding.feed(request.body))
        coding.finish()
    except (CodingError, TooMuchError):
        return request
    headers = tuple(field for field in request.headers if field[0].lower() != b"content-encoding")
    return replace(request, headers=headers, body=body)


def kind_of(request: Request) -> str:
    """In words, as a part of a sentence: `a JSON body`, `no body`, …"""
    if not request.body:
        return "no body"
    first = next(filter(is_of_body, parts_of(request)), "body")
    if first.startswith("$"):
        return "a JSON body"
    if first.startswith("form."):
        return "a form"
    if first.startswith("part."):
        return "a multipart body"
    return _of_bytes(request)


def _of_bytes(request: Request) -> str:
    coding = header(request.headers, b"content-encoding")
    if coding is not None and coding.lower() != b"identity":
        return f"a body that can't be decoded (Content-Encoding: {_told(coding)})"
    kind = media_type(request.headers)
    if kind.startswith(b"multipart/"):
        return "a multipart body without the boundary that its Content-Type names"
    if kind.endswith((b"/json", b"+json")) or request.body.lstrip()[:1] in (b"{", b"["):
        return f"broken JSON ({why_not_json(request.body)})"
    return f"a plain body (Content-Type: {_told(kind)})" if kind else "a plain body (no Content-Type)"


def _told(value: bytes) -> str:
    return printable(value.decode("latin-1"))


def beginning(request: Request) -> str:
    """The first of a body's bytes, for the eye."""
    text = request.body[:_SHOWN].decode("utf-8", "backslashreplace")
    return text + ("…" if len(request.body) > _SHOWN else "")
