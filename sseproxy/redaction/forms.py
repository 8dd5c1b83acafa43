"""Fields of forms by name, in both ways a form is sent. Nothing has to be held back: a name comes first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote_to_bytes

from sseproxy.exchange import Headers, header, media_type
from sseproxy.redaction.mask import Mark

_NAME_LIMIT = 1024
_NAME_ENDS = re.compile(rb"[=&]")
_VALUE_ENDS = re.compile(rb"&")
_BOUNDARY = re.compile(rb'(?i);\s*boundary=(?:"([^"]+)"|([^\s;]+))')
_PART_NAME = re.compile(rb'(?i)content-disposition:[^\r\n]*?;\s*name=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;]+))')


class Fields(Protocol):
    def feed(self, data: bytes) -> list[Mark]:
        """The values of credentials in these bytes, which follow those before."""


def fields_of(headers: Headers, is_secret: Callable[[bytes], bool]) -> Fields | None:
    """How the body of a message with these headers has fields; None where it is no form."""
    match media_type(headers):
        case b"application/x-www-form-urlencoded":
            return _Urlencoded(is_secret)
        case kind if kind.startswith(b"multipart/"):
            boundary = _BOUNDARY.search(header(headers, b"content-type") or b"")
            return _Multipart(boundary[1] or boundary[2], is_secret) if boundary else None
    return None


class _Urlencoded:
    """`name=value&name=value` (WHATWG URL, section 5)."""

    def __init__(self, is_secret: Callable[[bytes], bool]) -> None:
        self._is_secret = is_secret
        self._name: bytes | None = b""  # what of a name has come; None: in a value
        self._secret = ""  # the name of the value we are in, where it is a credential
        self._begun = 0

    def feed(self, data: bytes) -> list[Mark]:
        marks = []
        position = 0
        while position < len(data):
            if self._name is not None:
                stop = _find(data, _NAME_ENDS, position)
                self._name = (self._name + data[position:stop])[:_NAME_LIMIT]
                if stop < len(data):
                    name, self._name = self._name, None if data[stop : stop + 1] == b"=" else b""
                    plain = unquote_to_bytes(name.replace(b"+", b" "))
                    self._secret = (
                        f"body.{plain.decode('utf-8', 'replace')}" if self._is_secret(plain) else ""
                    )
                    self._begun = 0
            else:
                stop = _find(data, _VALUE_ENDS, position)
                if self._secret and stop > position:
                    marks.append(Mark(position, stop, self._secret, self._begun))
                    self._begun += stop - position
                if stop < len(data):
                    self._name = b""
            position = stop + 1
        return marks


def _find(data: bytes, pattern: re.Pattern[bytes], start: int) -> int:
    found = pattern.search(data, start)
    return found.start() if found else len(data)


class _Multipart:
    """Parts between boundaries (RFC 2046, section 5.1; RFC 7578)."""

    def __init__(self, boundary: bytes, is_secret: Callable[[bytes], bool]) -> None:
        self._is_secret = is_secret
        self._end = b"\r\n--" + boundary
        self._tail = b"\r\n"  # what came last and may be the beginning of what is looked for
        self._head: bytes | None = None  # what of a part's head has come; None: in a body
        self._secret = ""
        self._begun = 0

    def feed(self, data: bytes) -> list[Mark]:
        marks: list[Mark] = []
        position = 0
        while position < len(data):
            if self._head is None:
                position = self._body(data, position, marks)
            else:
                position = self._part_head(data, position)
        return marks

    def _part_head(self, data: bytes, start: int) -> int:
        head = (self._head or b"") + data[start:]
        stop = head.find(b"\r\n\r\n")
        if stop < 0:
            self._head = head[-64 * _NAME_LIMIT :]
            return len(data)
        behind = len(data) - (len(head) - stop - 4)
        name = _PART_NAME.search(head[:stop])
        plain = (name[1] if name[1] is not None else name[2]) if name else b""
        self._secret = f"body.{plain.decode('utf-8', 'replace')}" if self._is_secret(plain) else ""
        self._head, self._tail, self._begun = None, b"\r\n", 0
        return behind

    def _body(self, data: bytes, start: int, marks: list[Mark]) -> int:
        joined = self._tail + data[start:]
        found = joined.find(self._end)
        shift = start - len(self._tail)
        # A delimiter that may have begun is left as it is: its letters are no secret.
        stop = len(joined) - _overlap(joined, self._end) if found < 0 else found
        if self._secret and shift + stop > start:
            marks.append(Mark(start, shift + stop, self._secret, self._begun))
            self._begun += shift + stop - start
        if found < 0:
            self._tail = joined[stop:]
            return len(data)
        self._head = b""
        return max(start, shift + found + len(self._end))


def _overlap(data: bytes, end: bytes) -> int:
    """How much of the end of the data is the beginning of `end`."""
    sizes = range(min(len(data), len(end) - 1), 0, -1)
    return next((size for size in sizes if data.endswith(end[:size])), 0)
