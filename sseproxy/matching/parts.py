"""A request as its parts: what can be compared, ignored and shown as a difference, each by its place.

| place | of |
|---|---|
| `method`, `path` | the request line |
| `query.NAME` | an item of the query; a repeated name has all its values, in any order |
| `header.NAME` | a header that a rule has compared |
| `$.a[0].b` | a value of a JSON body, by JSONPath |
| `form.NAME` | a field of a form (`application/x-www-form-urlencoded`) |
| `part.NAME` | a part of a multipart body; `part.NAME head` are its own header fields |
| `body` | any other body |

Two requests are the same when their parts are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from sseproxy.exchange import Request, header, media_type
from sseproxy.http1 import origin_form
from sseproxy.matching.json_text import document_parts
from sseproxy.matching.multipart import multipart_parts

Parts = Mapping[str, str]
"""The value of each place, in one spelling."""

_BODY = ("$", "form.", "part.", "body")
_TEXT_LIMIT = 4096  # characters of a body or part that are kept to be shown
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def parts_of(request: Request, headers: Iterable[str] = ()) -> dict[str, str]:
    """All parts of a request, with these headers (lower-case names)."""
    path, question, query = origin_form(request.target).partition(b"?")
    parts = {"method": request.method, "path": path.decode("utf-8", "surrogateescape")}
    if question:
        parts |= _items("query", query)
    for name in headers:
        values = [value for key, value in request.headers if key.lower() == name.encode()]
        if values:
            parts[f"header.{name}"] = b", ".join(value.strip(b" \t") for value in values).decode("latin-1")
    return parts | _body_parts(request)


def is_of_body(place: str) -> bool:
    """Whether a place lies in the request's body."""
    return place.startswith(_BODY)


def _body_parts(request: Request) -> dict[str, str]:
    body = request.body
    if not body:
        return {}
    if (document := document_parts(body)) is not None:
        return document
    kind = media_type(request.headers)
    if kind == b"application/x-www-form-urlencoded":
        return _items("form", body)
    if kind.startswith(b"multipart/"):
        parts = multipart_parts(header(request.headers, b"content-type") or b"", body)
        if parts is not None:
            return _named(parts)
    return {"body": _text(body)}


def _items(kind: str, query: bytes) -> dict[str, str]:
    """`NAME=VALUE` items joined by `&`, as a multiset. An item without `=` is not one with an empty value."""
    values: dict[str, list[str]] = {}
    for item in query.split(b"&"):
        name, equals, value = item.partition(b"=")
        told = (equals + _normal(value)).decode("utf-8", "surrogateescape")
        values.setdefault(f"{kind}.{_decoded(name)}", []).append(told)
    return {place: "&".join(sorted(each)) for place, each in values.items()}


def _normal(text: bytes) -> bytes:
    """Percent-encoding in its one spelling (RFC 3986, section 6.2.2), which changes no meaning."""

    def spelled(found: re.Match[bytes]) -> bytes:
        byte = int(found[1], 16)
        return bytes([byte]) if byte in _UNRESERVED else found[0].upper()

    return _ESCAPED.sub(spelled, text) if b"%" in text else text


def _decoded(name: bytes) -> str:
    normal = _normal(name).decode("utf-8", "surrogateescape")
    # Decoded to be read, unless another name would look the same.
    return plain if (plain := unquote(normal)).isidentifier() else normal


def _named(parts: Iterable[tuple[bytes, bytes, bytes]]) -> dict[str, str]:
    named: dict[str, str] = {}
    counts: dict[bytes, int] = {}
    for name, head, content in parts:
        count = counts[name] = counts.get(name, 0) + 1
        place = f"part.{name.decode('utf-8', 'backslashreplace')}" + (f"#{count}" if count > 1 else "")
        named[place] = _text(content)
        named[f"{place} head"] = head.decode("utf-8", "surrogateescape")
    return named


def _text(data: bytes) -> str:
    """Text that is short as it is; of anything else what tells it from all others."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    if data and (not text or "\0" in text or len(text) > _TEXT_LIMIT):
        return f"{text[:_TEXT_LIMIT]}\0{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"
    return text
