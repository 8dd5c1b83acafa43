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
# How a form begins that no `Content-Type` tells: with the name of a field, or with a delimiter.
_FIELD = re.compile(rb"(?:[A-Za-z0-9_.~*\[\]+-]|%[0-9A-Fa-f]{2})+=")
_DELIMITER = re.compile(rb"--([A-Za-z0-9'()+_,./:=?-]{1,70})\r\n(?i:content-disposition:)")
_BOUNDARY = re.compile(rb'(?i);\s*boundary=(?:"([^"]+)"|([^\s;]+))')
_PART_BOUNDARY = re.compile(
    rb'(?i)(?:\A|\n)content-type:\s*multipart/[^\r\n]*?;\s*boundary=(?:"([^"\r\n]+)"|([^\s;]+))'
)
_PART_NAME = re.compile(rb'(?i)content-disposition:[^\r\n]*?;\s*name=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;]+))')


class Fields(Protocol):
    def feed(self, data: bytes) -> list[Mark]:
        """The values of credentials in these bytes, which follow those before."""


def fields_of(headers: Headers, is_secret: Callable[[bytes], bool]) -> Fields | None:
    """How the body of a message with these headers has fields; None where it is no form."""
    kind = media_type(headers)
    if kind == b"application/x-www-form-urlencoded":
        return _Urlencoded(is_secret)
    if kind.startswith(b"multipart/"):
        boundary = _BOUNDARY.search(header(headers, b"content-type") or b"")
        return _Multipart(boundary[1] or boundary[2], is_secret) if boundary else _Untold(is_secret)
    return None if kind else _Untold(is_secret)


class _Untold:
    """A body that may be a form of either kind, which its beginning tells."""

    def __init__(self, is_secret: Callable[[bytes], bool]) -> None:
        self._is_secret = is_secret
        self._begun: bytes | None = b""  # what has come, until it is told
        self._fields: Fields | None = None

    def feed(self, data: bytes) -> list[Mark]:
        if self._begun is None:
            return self._fields.feed(data) if self._fields else []
        begun = self._begun + data
        if delimiter := _DELIMITER.match(begun):
            self._fields = _Multipart(delimiter[1], self._is_secret)
        elif _FIELD.match(begun):
            self._fields = _Urlencoded(self._is_secret)
        elif len(begun) < _NAME_LIMIT:
            self._begun = begun
            return []
        before = len(self._begun)
        self._begun = None
        marks = self._fields.feed(begun) if self._fields else []
        # What came before was given as it was: a name, or a delimiter.
        return [mark._replace(start=mark.start - before, stop=mark.stop - before) for mark in marks]


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
    """Parts between boundaries (RFC 2046, section 5.1; RFC 7578), which may be multipart themselves."""

    def __init__(self, boundary: bytes, is_secret: Callable[[bytes], bool]) -> None:
        self._is_secret = is_secret
        # The delimiters that may come, the outermost first, and of which secret all parts between are.
        self._ends = {b"\r\n--" + boundary: ""}
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
        # Behind the last part of several comes the delimiter of the part that they were in.
        within = max(head.rfind(end, 0, stop) for end in self._ends)
        if within >= 0:
            self._leave(next(end for end in self._ends if head.startswith(end, within)))
        self._enter(head[max(within, 0) : stop])
        self._head, self._tail, self._begun = None, b"\r\n", 0
        return behind

    def _enter(self, head: bytes) -> None:
        """A part begins."""
        *_, around = self._ends.values()
        name = _PART_NAME.search(head)
        plain = (name[1] if name[1] is not None else name[2]) if name else b""
        self._secret = f"body.{plain.decode('utf-8', 'replace')}" if self._is_secret(plain) else around
        if boundary := _PART_BOUNDARY.search(head):
            self._ends[b"\r\n--" + (boundary[1] or boundary[2])] = self._secret
            self._secret = ""  # what stands between parts is none's

    def _leave(self, end: bytes) -> None:
        """The parts are over that were within the one that ends."""
        ends = list(self._ends)
        self._ends = {each: self._ends[each] for each in ends[: ends.index(end) + 1]}

    def _body(self, data: bytes, start: int, marks: list[Mark]) -> int:
        joined = self._tail + data[start:]
        found = [(at, end) for end in self._ends if (at := joined.find(end)) >= 0]
        shift = start - len(self._tail)
        none = len(joined) - max(_overlap(joined, each) for each in self._ends), b""
        at, end = min(found, default=none, key=lambda each: (each[0], -len(each[1])))
        # A delimiter that may have begun is left as it is: its letters are no secret.
        if self._secret and shift + at > start:
            marks.append(Mark(start, shift + at, self._secret, self._begun))
            self._begun += shift + at - start
        if not found:
            self._tail = joined[at:]
            return len(data)
        self._leave(end)
        self._head = b""
        return max(start, shift + at + len(end))


def _overlap(data: bytes, end: bytes) -> int:
    """How much of the end of the data is the beginning of `end`."""
    sizes = range(min(len(data), len(end) - 1), 0, -1)
    return next((size for size in sizes if data.endswith(end[:size])), 0)
