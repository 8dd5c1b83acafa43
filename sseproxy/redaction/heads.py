"""Credentials in targets, headers, trailers and URLs, where `[redacted]` takes the place of a value."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from sseproxy.exchange import Headers, Request, ResponseHead
from sseproxy.redaction.mask import MASK, replaced
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.scanner import Scanner

_WITH_URL = frozenset({b"referer", b"location", b"content-location", b"origin", b"refresh", b"link"})
_USERINFO = re.compile(rb"([A-Za-z]+://)(?!" + re.escape(MASK) + rb"@)[^/?#@]*@")
_LINKED = re.compile(rb"<([^>]*)>")


def mask_headers(headers: Headers, rules: Rules | None = None) -> tuple[Headers, list[str]]:
    """The headers with the values of credentials masked, and which they were."""
    if not headers:
        return headers, []
    rules = rules or built_in()
    masked: list[str] = []
    result = []
    may_have_keys = may_hold_secrets(b"\n".join(value for _, value in headers), rules)
    for name, value in headers:
        low = name.lower()
        if value and value != MASK and rules.is_header(name):
            value = MASK
            masked.append(f"headers.{low.decode('latin-1')}")
        elif value != MASK and (may_have_keys or low in _WITH_URL):
            value, inside = _mask_urls(low, value, rules) if low in _WITH_URL else (value, [])
            value, shapes = mask_shapes(value, rules)
            masked += [f"headers.{low.decode('latin-1')}: {each}" for each in (*inside, *shapes)]
        result.append((name, value))
    return tuple(result), masked


def _mask_urls(name: bytes, value: bytes, rules: Rules) -> tuple[bytes, list[str]]:
    """The value of a header that is a URL, or has some in angle brackets (RFC 8288, section 3)."""
    if name != b"link":
        return mask_target(value, rules)
    masked: list[str] = []

    def linked(found: re.Match[bytes]) -> bytes:
        url, names = mask_target(found[1], rules)
        masked.extend(names)
        return b"<" + url + b">"

    return _LINKED.sub(linked, value), masked


def mask_target(target: bytes, rules: Rules | None = None) -> tuple[bytes, list[str]]:
    """The target with credentials in its query or fragment, and what looks like a key, masked."""
    rules = rules or built_in()
    rest, sharp, fragment = target.partition(b"#")
    path, question, query = rest.partition(b"?")
    masked: list[str] = []
    if userinfo := _USERINFO.match(path):  # of an absolute URL
        path = userinfo[1] + MASK + path[userinfo.end() - 1 :]
        masked.append("target.userinfo")
    if query or fragment:
        query, fragment = (
            b"&".join(_mask_item(item, rules, masked) for item in part.split(b"&"))
            for part in (query, fragment)
        )
    result, shapes = mask_shapes(path + question + query + sharp + fragment, rules)
    return result, masked + [f"target: {each}" for each in shapes]


def _mask_item(item: bytes, rules: Rules, masked: list[str]) -> bytes:
    """`name=value`; in a fragment several may stand behind a `#`. What is masked is told to `masked`."""
    kept = b""
    while item:
        name, equals, value = item.partition(b"=")
        plain = unquote_to_bytes(name.rpartition(b"#")[2])
        if value and value != MASK and rules.is_field(plain):
            masked.append(f"target.{plain.decode('utf-8', 'replace')}")
            return kept + name + equals + MASK
        value, sharp, item = value.partition(b"#")
        kept += name + equals + value + sharp
    return kept


def mask_shapes(text: bytes, rules: Rules) -> tuple[bytes, list[str]]:
    """What looks like a key is masked whatever its place is called."""
    if not may_hold_secrets(text, rules):
        return text, []
    scanner = Scanner(rules.plain)
    marks = scanner.feed(text, final=True).marks
    return (replaced(text, marks), [mark.name for mark in marks]) if marks else (text, [])


def may_hold_secrets(text: bytes, rules: Rules) -> bool:
    """Whether it is worth looking closely."""
    return bool(rules.patterns) or rules.plain.has_anchor(text.lower())


def mask_head(request: Request, rules: Rules | None = None) -> tuple[Request, list[str]]:
    """The request with its target, headers and trailers as they may be written, and what was masked."""
    target, in_target = mask_target(request.target, rules)
    headers, in_headers = mask_headers(request.headers, rules)
    trailers, in_trailers = mask_headers(request.trailers, rules)
    if names := in_target + in_headers + in_trailers:
        request = replace(request, target=target, headers=headers, trailers=trailers)
    return request, names


def mask_response(head: ResponseHead, rules: Rules | None = None) -> tuple[ResponseHead, list[str]]:
    """The response's head as it may be written, and what was masked in it."""
    rules = rules or built_in()
    headers, masked = mask_headers(head.headers, rules)
    reason, in_reason = mask_shapes(head.reason, rules)
    if names := masked + [f"reason: {each}" for each in in_reason]:
        head = replace(head, headers=headers, reason=reason)
    return head, names


def mask_text(text: str, rules: Rules | None = None) -> str:
    """A sentence for people with what looks like a key masked."""
    if not text:
        return text
    masked, _ = mask_shapes(text.encode("utf-8", "surrogateescape"), rules or built_in())
    return masked.decode("utf-8", "surrogateescape")


def mask_url(url: str) -> str:
    """A URL with its userinfo masked."""
    return re.sub(r"(?<=://)[^/?#]*@", "[redacted]@", url)


def mask_no_url(text: str) -> str:
    """What was given as a URL, or as `/prefix=URL`, and is none: with all masked that was meant as userinfo.

    A password that has to be quoted and is not is the reason, mostly.
    """
    text = re.sub(r"^((?:/[^=]*=)?(?:\w*://)?).*@", r"\1[redacted]@", text, flags=re.DOTALL)
    return re.sub(r"([?#]).*", r"\1…", text, flags=re.DOTALL)
