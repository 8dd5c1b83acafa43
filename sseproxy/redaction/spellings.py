"""How members of JSON documents are written: in a document, in strings of one, and percent-encoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import regex

from sseproxy.redaction.mask import LINE_BREAK

REACH = 160
"""Bytes before a name's end in which it begins."""
_DEPTHS = 4
"""How deep documents are looked into: a document, a string of it that holds one, a string of that."""
_SCALAR = r"-?[0-9][0-9.eE+-]*"


@dataclass(frozen=True, slots=True)
class _Alphabet:
    """Regular expressions for the letters that JSON gives a meaning, and for all others."""

    quote: str
    escape: str
    letter: str
    space: str
    colon: str = ":"
    begun: str = ""
    """What may have come of a letter that is not complete."""


_PLAIN = _Alphabet('"', r"\\", r'[^"\\\r\n]', r"[ \t\r\n]")
_LINES = _Alphabet('"', r"\\", r'[^"\\\r\n]', rf"(?:[ \t]|{LINE_BREAK})")
# In a query, or the field of a form (WHATWG URL, section 5).
_ENCODED = _Alphabet(
    "%22",
    "%5[Cc]",
    r'(?:[^"\\%&#\s]|%(?!22|5[Cc])[0-9A-Fa-f]{2})',
    "(?:[ +]|%20|%0[9AaDd])",
    "(?::|%3[Aa])",
    "(?:%[0-9A-Fa-f]?)?",
)


class Spelling:
    """How members are written at a depth: in each string around them backslashes have doubled."""

    def __init__(self, letters: _Alphabet, depth: int) -> None:
        escapes = 2**depth
        escape, letter = letters.escape, letters.letter
        quote = f"(?:{escape}){{{escapes - 1}}}{letters.quote}"
        name = f"(?P<name>(?:{letter}|(?:{escape})+u[0-9A-Fa-f]{{4}}){{1,128}})"
        space = rf"(?:{letters.space}|(?:{escape})+[rnt])*" if depth else f"{letters.space}*"
        first = (
            rf"(?P<first>\[{space}|\{{{space}{quote}{letter}{{1,128}}{quote}{space}{letters.colon}{space})"
        )
        opening = f"(?:{first}?{quote}(?P<text>)|(?P<number>{_SCALAR}))"
        self.is_encoded = letters is _ENCODED
        self.member = regex.compile(f"{quote}{name}{quote}{space}{letters.colon}{space}{opening}".encode())
        # A quotation mark ends the string unless the document itself escapes it, and so does any of the
        # strings around it. What those escape otherwise belongs to the value.
        own = "|".join(
            f"(?:{escape}){{{escapes}}}{behind}"
            for behind in (
                f"(?:{escape}){{{escapes}}}",
                quote,
                f"(?:{escape}){{0,{escapes - 1}}}{letter}",
            )
        )
        around = f"|(?:{escape}){{1,{escapes - 1}}}{letter}" if depth else ""
        self.run = re.compile(f"(?:{letter}|{own}{around})*+".encode())
        self.unfinished = re.compile(f"(?:{escape}){{0,{2 * escapes - 1}}}{letters.begun}".encode())
        """The beginning of a unit that a string may end in for now."""

    def plain(self, name: bytes) -> bytes:
        """A name that is written so."""
        plain = unquote_to_bytes(name.replace(b"+", b" ")) if self.is_encoded else name
        return _UNICODE.sub(_character, plain) if b"\\u" in plain else plain


_UNICODE = re.compile(rb"\\+u([0-9A-Fa-f]{4})")


def _character(escape: re.Match[bytes]) -> bytes:
    return chr(int(escape[1], 16)).encode("utf-8", "replace")


def _by_escapes(letters: _Alphabet) -> dict[int, Spelling]:
    return {2**depth - 1: Spelling(letters, depth) for depth in range(_DEPTHS)}


# By how many backslashes stand before each quotation mark.
_SPELLINGS = {False: _by_escapes(_PLAIN), True: _by_escapes(_LINES)}
_SPELLINGS_ENCODED = _by_escapes(_ENCODED)

# The beginning of a member up to its value, at any depth.
_SPACE = rf"(?:{_PLAIN.space}|\\+[rnt])*"
_NAME_BEGUN = rf"(?:{_PLAIN.letter}{{1,128}}+|\\+u[0-9A-Fa-f]{{4}}){{1,9}}+(?:\\+(?:u[0-9A-Fa-f]{{0,3}})?)?"
_HEAD = re.compile(rf'\\*"{_NAME_BEGUN}(?:\\*"{_SPACE}(?::{_SPACE}\\*)?|\\+)?'.encode())
_QUOTE_ENCODED = f"(?:{_ENCODED.escape})*{_ENCODED.quote}"
_HEAD_ENCODED = regex.compile(
    f"{_QUOTE_ENCODED}(?:{_ENCODED.letter}{{1,128}}{_QUOTE_ENCODED}"
    f"{_ENCODED.space}*{_ENCODED.colon}{_ENCODED.space}*{_QUOTE_ENCODED})?".encode()
)
_ESCAPES_AT_END = regex.compile(f"(?:{_ENCODED.escape})*{_ENCODED.begun}\\Z".encode())


def opening(data: bytes, at: int, *, lines: bool) -> tuple[int, Spelling] | None:
    """Where the string begins that `at` is in, if a document has it, and how that is written."""
    start = max(0, at - REACH)
    quote = data.rfind(b'"', start, at)
    encoded = data.rfind(b"%22", max(start, quote), at)
    if encoded >= 0:
        escapes = _escapes_encoded(data, encoded)
        spelling = _SPELLINGS_ENCODED.get(escapes)
        return (encoded - 3 * escapes, spelling) if spelling else None
    if quote < 0:
        return None
    escapes = _escapes(data, quote)
    spelling = _SPELLINGS[lines].get(escapes)
    return (quote - escapes, spelling) if spelling else None


def may_be_name(data: bytes, start: int) -> int:
    """Where a string begins, not before `start`, that may yet turn out to be a member's name."""
    if data.find(b"%", start) >= 0 and (begin := _may_be_encoded(data, start)) < len(data):
        return begin
    last = data.rfind(b'"', start)
    if last >= 0:
        for quote in (data.rfind(b'"', start, last), last):  # the last may be the name's end
            begin = quote - _escapes(data, quote)
            if quote >= 0 and (quote + 1 == len(data) or _HEAD.fullmatch(data, begin)):
                return begin
    return len(data) - _escapes(data, len(data))  # of a quotation mark that comes next


def _may_be_encoded(data: bytes, start: int) -> int:
    last = data.rfind(b"%22", start)
    for quote in (data.rfind(b"%22", start, max(last, 0)), last):
        begin = quote - 3 * _escapes_encoded(data, quote)
        if quote >= 0 and _HEAD_ENCODED.fullmatch(data, begin, partial=True):
            return begin
    found = _ESCAPES_AT_END.search(data, start)
    return found.start() if found else len(data)


def _escapes(data: bytes, quote: int) -> int:
    """How many backslashes stand before a quotation mark: nearly always none."""
    if data[quote - 1 : quote] != b"\\":
        return 0
    before = data[max(0, quote - 2**_DEPTHS) : quote]
    return len(before) - len(before.rstrip(b"\\"))


def _escapes_encoded(data: bytes, quote: int) -> int:
    before = data[max(0, quote - 3 * 2**_DEPTHS) : quote].lower()
    count = 0
    while before.endswith(b"%5c"):
        before = before[:-3]
        count += 1
    return count
