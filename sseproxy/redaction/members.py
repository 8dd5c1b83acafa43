"""JSON members by name, found in bytes: no document is parsed, whole or not, in a stream or in a string."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import regex

from sseproxy.redaction.finders import Found, State, no_more
from sseproxy.redaction.mask import LINE_BREAK

REACH = 160
"""Bytes before an anchor in which the member's name begins."""

_NAME = r'(?P<name>[^"\\\r\n]{1,128})'
_SCALAR = r"-?[0-9][0-9.eE+-]*"
_TOKEN = regex.compile(rb"[A-Za-z0-9._~+/=-]{16}")
_MIXED = re.compile(rb"[A-Z0-9]")

_DEPTHS = 4
"""How deep documents are looked into: a document, a string of it that holds one, a string of that."""


class _Level:
    """How members are written at a depth: in each string around them backslashes have doubled."""

    def __init__(self, depth: int, lines: bool) -> None:
        escapes = 2**depth
        quote = rf'\\{{{escapes - 1}}}"'
        space = rf"(?:[ \t]|{LINE_BREAK}" if lines else r"(?:[ \t\r\n]"
        space += r"|\\+[rnt])" if depth else ")"
        opening = f"(?:{quote}(?P<text>)|(?P<number>{_SCALAR}))"
        self.member = regex.compile(f"{quote}{_NAME}{quote}{space}*:{space}*{opening}".encode())
        # A quotation mark ends the string unless the document itself escapes it, and so does any of the
        # strings around it. What those escape otherwise belongs to the value.
        letter = r'[^"\\\r\n]'
        own = rf'\\{{{escapes}}}(?:\\{{{escapes}}}|\\{{{escapes - 1}}}"|\\{{0,{escapes - 1}}}{letter})'
        around = rf"|\\{{1,{escapes - 1}}}{letter}" if depth else ""
        self.run = re.compile(f"(?:{letter}|{own}{around})*+".encode())
        self.unfinished = re.compile(rf"\\{{0,{2 * escapes - 1}}}".encode())
        """The beginning of a unit that a string may end in for now."""


_LEVELS = {lines: {2**depth - 1: _Level(depth, lines) for depth in range(_DEPTHS)} for lines in (False, True)}
"""By how many backslashes stand before each quotation mark."""


# The beginning of a member up to its value, at any depth.
_SPACE = r"(?:[ \t\r\n]|\\+[rnt])*"
_HEAD = re.compile(rf'\\*"{_NAME}(?:\\*"{_SPACE}(?::{_SPACE}\\*)?|\\+)?'.encode())


def _escapes(data: bytes, quote: int) -> int:
    """How many backslashes stand before a quotation mark."""
    before = data[max(0, quote - 2**_DEPTHS) : quote]
    return len(before) - len(before.rstrip(b"\\"))


def may_be_name(data: bytes, start: int) -> int:
    """Where a string begins, not before `start`, that may yet turn out to be a member's name."""
    last = data.rfind(b'"', start)
    if last >= 0:
        for quote in (data.rfind(b'"', start, last), last):  # the last may be the name's end
            begin = quote - _escapes(data, quote)
            if quote >= 0 and (quote + 1 == len(data) or _HEAD.fullmatch(data, begin)):
                return begin
    return len(data) - _escapes(data, len(data))  # of a quotation mark that comes next


class MemberFinder:
    """Looks for the values of members of some names."""

    def __init__(
        self,
        lines: bool,
        is_secret: Callable[[bytes], bool],
        is_token: Callable[[bytes], bool] = lambda _: False,
        *,
        numbers: bool = False,
    ) -> None:
        """`is_token`: names whose values are secrets if they look like it. `numbers`: not strings alone."""
        self._levels = _LEVELS[lines]
        self._is_secret = is_secret
        self._is_token = is_token
        self._numbers = numbers

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        quote = data.rfind(b'"', max(0, at - REACH), at)
        if quote < 0:
            return None
        escapes = _escapes(data, quote)
        level = self._levels.get(escapes)
        if level is None:
            return None
        begin = quote - escapes
        match = level.member.match(data, begin, partial=not final)
        if match is None:
            return None
        if match.partial:  # the value has not begun: there is nothing to hold back
            return Found(begin, len(data), len(data), State.OPEN, "", no_more)
        name = match["name"]
        told = f"body.{name.decode('utf-8', 'replace')}"
        if match["number"] is not None:
            if not (self._numbers and self._is_secret(name)):
                return None
            start, stop = match.span("number")
            state = State.WHOLE if final or stop < len(data) else State.OPEN
            return Found(begin, start, stop, state, told, no_more, number=True)
        value = match.end()
        resume = partial(self._run, level)
        if not self._is_secret(name):
            if not self._is_token(name):
                return None
            token = _TOKEN.match(data, value, partial=not final)
            if token is None or not (token.partial or _MIXED.search(token[0])):
                return None
            if token.partial:
                return Found(begin, value, len(data), State.OPEN, told, resume)
        stop, more = resume(data, value, final=final)
        if stop == value and not more:
            return None
        return Found(begin, value, stop, State.GOES_ON if more else State.WHOLE, told, resume)

    @staticmethod
    def _run(level: _Level, data: bytes, start: int, *, final: bool) -> tuple[int, bool]:
        run = level.run.match(data, start)
        stop = run.end() if run else start
        return stop, not final and level.unfinished.fullmatch(data, stop) is not None
