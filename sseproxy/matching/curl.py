"""A request as a curl command says it: as documentation has it, and as a browser copies it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from urllib.parse import quote_plus, urlsplit

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Headers, Request

_SHORT = {
    "X": "request",
    "H": "header",
    "d": "data",
    "u": "user",
    "b": "cookie",
    "A": "user-agent",
    "e": "referer",
    "G": "get",
    "I": "head",
}
_FLAGS = {"get", "head"}
_HEADERS = {"cookie": b"Cookie", "user-agent": b"User-Agent", "referer": b"Referer"}
_DATA = {"data", "data-raw", "data-ascii", "data-binary", "data-urlencode", "json"}
# Of no account here: how curl connects, what it prints.
_IGNORED = {
    "compressed",
    "insecure",
    "location",
    "silent",
    "show-error",
    "no-buffer",
    "include",
    "verbose",
    "fail",
}
_IGNORED |= {"http1.1", "http2", "globoff", "fail-with-body", "http1.0"}
_IGNORED_SHORT = set("kLsSNivfg01")
_IGNORED_WITH_VALUE = {"output", "max-time", "connect-timeout", "write-out", "cacert", "proxy", "retry"}
_IGNORED_SHORT_WITH_VALUE = set("omwx")
_FORMS = ("-F", "--form", "--form-string")


def parse_curl(words: Sequence[str]) -> Request:
    """The request of a curl command, its words as a shell would give them. Raises SseproxyError.

    Of two headers with one name both are kept; curl's own (`Accept: */*`) are not added.
    """
    options = list(_options(words))
    urls = [value for name, value in options if name == "url"]
    if len(urls) != 1:
        raise SseproxyError("the curl command should have one URL")
    url = urlsplit(urls[0] if "://" in urls[0] else f"http://{urls[0]}")
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    names = [name for name, _ in options]
    pieces = [_data(name, value) for name, value in options if name in _DATA]
    body = b"&".join(pieces)
    if "get" in names and body:
        target += ("&" if "?" in target else "?") + body.decode("utf-8", "surrogateescape")
        body = b""
    given = [value for name, value in options if name == "request"]
    method = (
        given[-1]
        if given
        else "HEAD"
        if "head" in names
        else "POST"
        if pieces and "get" not in names
        else "GET"
    )
    return Request(
        method, target.encode("utf-8", "surrogateescape"), "1.1", _headers(options, bool(body)), body
    )


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Long names of options with their values."""
    rest = iter(words)

    def value_of(option: str) -> str:
        value = next(rest, None)
        if value is None:
            raise SseproxyError(f"the curl command ends behind {option}")
        return value

    for word in rest:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in _IGNORED_WITH_VALUE:
                equals or value_of(word)
            elif name in _FLAGS:
                yield name, ""
            elif name in {*_SHORT.values(), *_DATA, "url"}:
                yield name, value if equals else value_of(word)
            elif name not in _IGNORED:
                raise _not_understood(word)
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word, value_of)
        else:
            yield "url", word


def _short(word: str, value_of: object) -> Iterator[tuple[str, str]]:
    """Options of one letter, perhaps several in one word, the last perhaps with its value."""
    assert callable(value_of)
    for at, letter in enumerate(word[1:], 2):
        if letter in _IGNORED_SHORT_WITH_VALUE:
            word[at:] or value_of(word)
            return
        if letter in _SHORT and _SHORT[letter] not in _FLAGS:
            yield _SHORT[letter], word[at:] or value_of(word)
            return
        if letter in _SHORT:
            yield _SHORT[letter], ""
        elif letter not in _IGNORED_SHORT:
            raise _not_understood(f"-{letter}")


def _not_understood(option: str) -> SseproxyError:
    if option.partition("=")[0] in _FORMS:
        return SseproxyError(
            f"the curl command has {option}: its multipart body is not made here; ask with a JSON file that"
            " has the `url`, `method`, `headers` and `body`, or record the request and ask with its cassette"
        )
    return SseproxyError(f"the curl command has {option}, which is not understood here")


def _data(name: str, value: str) -> bytes:
    if value.startswith("@") and name != "data-raw":
        raise SseproxyError(f"the curl command reads {value[1:]!r}: put its content into the command")
    if name == "data-urlencode":
        key, equals, text = value.partition("=")
        value = (f"{key}=" if equals and key else "") + quote_plus(text if equals else value)
    return value.encode("utf-8", "surrogateescape")


def _headers(options: Sequence[tuple[str, str]], has_body: bool) -> Headers:
    found: list[tuple[bytes, bytes]] = []
    for name, value in options:
        raw = value.encode("utf-8", "surrogateescape")
        if name == "header":
            field, _, content = raw.partition(b":")
            found.append((field.strip(), content.strip()))
        elif name in _HEADERS:
            found.append((_HEADERS[name], raw))
        elif name == "user":
            found.append((b"Authorization", b"Basic " + base64.b64encode(raw)))
    if has_body and not any(field.lower() == b"content-type" for field, _ in found):
        is_json = any(name == "json" for name, _ in options)
        kind = b"application/json" if is_json else b"application/x-www-form-urlencoded"
        found.append((b"Content-Type", kind))
    return tuple(found)
