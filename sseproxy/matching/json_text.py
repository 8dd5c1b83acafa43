"""A JSON document as its parts: each value with its place, so that two documents can be compared by value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

DEPTH_LIMIT = 100
"""Levels of nesting that are looked into. A document that is nested deeper is compared byte for byte: the
parser calls itself for each level, and what it can do must not depend on who called it.
"""
OBJECT, LIST = "{", "["
"""The values of places that hold others. A string's value begins with a quote, others are spelled out."""

_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"|([\[{])|([\]}])', re.DOTALL)
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"'": "\\'", "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN_DIGITS = 20
_SHORT = 64  # characters of a name that is remembered: of longer ones there may be any number, each a MiB


class _Number(str):
    """A number as it is written: with all its digits, however many."""


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


# Objects become tuples, so that a repeated name keeps each value, and lists stay lists.
_DECODER = json.JSONDecoder(
    parse_int=_Number, parse_float=_Number, parse_constant=_not_json, object_pairs_hook=tuple
)


def document_parts(body: bytes) -> dict[str, str] | None:
    """The places of a JSON document (`$.messages[0].role`) and their values; None for what is not JSON.

    Places are JSONPaths (RFC 9535); the second value of a repeated name has `#2` behind its own. Values
    that are the same have one spelling: 1, 1.0 and 1e0 are `1`.
    """
    try:
        text = body.decode()
        if _too_deep(text):
            return None
        document = _DECODER.decode(text)
    except ValueError:
        return None
    parts: dict[str, str] = {}
    waiting = [("$", document)]
    while waiting:
        at, value = waiting.pop()
        match value:
            case _Number():
                parts[at] = _number(value)
            case str():
                parts[at] = '"' + value
            case tuple():
                parts[at] = OBJECT
                waiting += reversed([(at + step, each) for step, each in _members(value)])
            case list():
                parts[at] = LIST
                waiting += reversed([(f"{at}[{index}]", each) for index, each in enumerate(value)])
            case _:
                parts[at] = _WORDS[value]
    return parts


def why_not_json(body: bytes) -> str:
    """What keeps a body from being compared as JSON; empty where nothing does."""
    try:
        text = body.decode()
        if _too_deep(text):
            return f"nested more than {DEPTH_LIMIT} levels deep"
        _DECODER.decode(text)
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        return f"character {error.pos + 1}: {error.msg[:1].lower()}{error.msg[1:]}"
    except ValueError as error:
        return str(error)
    return ""


_WORDS = {True: "true", False: "false", None: "null"}


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return False
    depth = 0
    for found in _NESTING.finditer(text):
        depth += 1 if found[1] else -1 if found[2] else 0
        if depth > DEPTH_LIMIT:
            return True
    return False


def _members(pairs: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    """The members of an object, by what their places end in."""
    counts: dict[str, int] = {}
    for name, value in pairs:
        count = counts[name] = counts.get(name, 0) + 1
        yield _step(name) + (f"#{count}" if count > 1 else ""), value


def place(location: Iterable[str | int]) -> str:
    """The place of a value that lies under these names and indexes."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else _step(step) for step in location)


def _step(name: str) -> str:
    return _short_step(name) if len(name) <= _SHORT else _any_step(name)


def _any_step(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return f".{name}"
    escaped = "".join(_ESCAPES.get(each) or (each if each >= " " else f"\\u{ord(each):04x}") for each in name)
    return f"['{escaped}']"


_short_step = lru_cache(4096)(_any_step)


def _number(text: str) -> str:
    """A number by its exact worth."""
    if len(text) <= _PLAIN_DIGITS and text.isdigit():
        return text
    found = _NUMBER.fullmatch(text)
    assert found
    sign, whole, fraction, exponent_sign, exponent = found.groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0"
    exponent = exponent.lstrip("0")
    if len(exponent) > _PLAIN_DIGITS:  # beyond any number that is meant
        return f"{sign}{whole}.{fraction}e{exponent_sign}{exponent}"
    significant = digits.rstrip("0")
    scale = int(f"{exponent_sign}{exponent or 0}") - len(fraction) + len(digits) - len(significant)
    if 0 <= scale <= _PLAIN_DIGITS - len(significant):
        return sign + significant + "0" * scale
    if -_PLAIN_DIGITS <= scale < 0:
        padded = significant.rjust(1 - scale, "0")
        return f"{sign}{padded[:scale]}.{padded[scale:]}"
    return f"{sign}{significant}e{scale}"
