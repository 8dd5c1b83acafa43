"""What must not reach the disk: credentials in headers and in the query of a target."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from sseproxy.exchange import Headers, Request, ResponseHead

MASK = b"[redacted]"

# A name is a credential's if one of its words is, or if it ends in one of the pairs. Plain "key" and
# "auth" are too common to be told so ("Idempotency-Key", "WWW-Authenticate").
_WORDS = frozenset(
    b"authorization cookie token secret password passwd pwd credential credentials signature sig "
    b"apikey accesskey accesstoken authtoken clientsecret sessionid phpsessid passphrase privatekey jwt "
    b"bearer dpop".split()
)
_PAIRS = (
    b"api-key",
    b"access-key",
    b"secret-key",
    b"private-key",
    b"subscription-key",
    b"functions-key",
    b"auth-key",
    b"session-id",
    b"x-auth",
)
_QUERY_ONLY = frozenset({b"key", b"auth", b"code", b"pass", b"sid", b"session"})
_WITH_URL = frozenset({b"referer", b"location", b"content-location", b"origin", b"refresh", b"link"})
_USERINFO = re.compile(rb"([A-Za-z]+://)[^/?#@]*@")
_WORD = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@lru_cache(maxsize=4096)
def _is_credential(name: bytes) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if _WORDS.intersection(words):
        return True
    joined = b"-".join(words)
    return any(joined == pair or joined.endswith(b"-" + pair) for pair in _PAIRS)


def mask_headers(headers: Headers) -> tuple[Headers, list[str]]:
    """The headers with the values of credentials masked, and which they were."""
    masked: list[str] = []
    result = []
    for name, value in headers:
        low = name.lower()
        if value and _is_credential(name):
            value = MASK
            masked.append(f"headers.{low.decode('latin-1')}")
        elif low in _WITH_URL:
            value, inside = mask_target(value)
            masked += [f"headers.{low.decode()}: {each}" for each in inside]
        result.append((name, value))
    return tuple(result), masked


def mask_target(target: bytes) -> tuple[bytes, list[str]]:
    """The target with the values of credentials in its query masked, all else as it was."""
    path, question, query = target.partition(b"?")
    masked: list[str] = []
    if userinfo := _USERINFO.match(path):  # of an absolute URL
        path = userinfo[1] + MASK + path[userinfo.end() - 1 :]
        masked.append("target.userinfo")
    items = []
    for item in query.split(b"&"):
        name, equals, value = item.partition(b"=")
        plain = unquote_to_bytes(name)
        if value and (_is_credential(plain) or plain.lower() in _QUERY_ONLY):
            item = name + equals + MASK
            masked.append(f"target.{plain.decode('utf-8', 'replace')}")
        items.append(item)
    return path + question + b"&".join(items), masked


def mask_request(request: Request) -> tuple[Request, list[str]]:
    """The request as it may be written, and what was masked in it."""
    target, in_target = mask_target(request.target)
    headers, in_headers = mask_headers(request.headers)
    return replace(request, target=target, headers=headers), in_target + in_headers


def mask_response(head: ResponseHead) -> tuple[ResponseHead, list[str]]:
    """The response's head as it may be written, and what was masked in it."""
    headers, masked = mask_headers(head.headers)
    return replace(head, headers=headers), masked


def mask_url(url: str) -> str:
    """A URL with its userinfo masked."""
    return re.sub(r"(?<=://)[^/?#]*@", "[redacted]@", url)
