"""JSONPath (RFC 9535) to stretches of bytes: what a query selects in a document, where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from sseproxy.redaction.mask import Mark

Location = tuple[str | int, ...]

_TOKEN = re.compile(rb'\s*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")|([^\s{}\[\],:"]+))')


@dataclass(frozen=True, slots=True)
class Path:
    """A query, checked."""

    text: str
    query: Any
    """Compiled by the library, which is typed too loosely to say more."""


@cache
def compile_path(text: str) -> Path:
    """Raises ValueError, with the reason in a line, for what is no JSONPath."""
    from jsonpath import JSONPathEnvironment, JSONPathError  # here: it takes a while, and few have such rules

    try:
        return Path(text, JSONPathEnvironment(strict=True).compile(text))
    except JSONPathError as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def find_paths(document: bytes, paths: Sequence[Path]) -> list[Mark]:
    """What the queries select in the document: each string and number that is, or is inside of, a result.

    Nothing where the document is no JSON. Strings are marked without their quotation marks.
    """
    if not paths:
        return []
    try:
        value = orjson.loads(document)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(value, dict | list):
        return []  # nothing is inside of it, and the library takes a string for a document
    selected = {
        tuple(match.parts): path.text for path in paths for match in path.query.finditer(value) if match.parts
    }
    marks = []
    for location, start, stop in _scalars(document):
        name = next((selected[head] for head in _heads(location) if head in selected), None)
        if name is None:
            continue
        if document[start] == ord('"'):
            start, stop = start + 1, stop - 1
        elif document[start] not in b"-0123456789":
            continue  # true, false and null have no secret to tell
        if stop > start:
            marks.append(Mark(start, stop, name, number=document[start - 1 : start] != b'"'))
    return marks


def _heads(location: Location) -> Iterator[Location]:
    return (location[:size] for size in range(1, len(location) + 1))


def _scalars(document: bytes) -> Iterator[tuple[Location, int, int]]:
    """Each string, number and word of a valid document that is a value: where it belongs, and its bytes."""
    stack: list[str | int] = []
    in_object: list[bool] = []
    is_name = False
    for token in _TOKEN.finditer(document):
        match token[1]:
            case b"{" | b"[" as opening:
                is_name = opening == b"{"
                in_object.append(is_name)
                stack.append("" if is_name else 0)
            case b"}" | b"]":
                in_object.pop()
                stack.pop()
                is_name = False
            case b",":
                is_name = in_object[-1]
                if not is_name:
                    stack[-1] = int(stack[-1]) + 1
            case b":":
                is_name = False
            case _ if is_name:
                stack[-1] = orjson.loads(token[2])
            case _:
                yield tuple(stack), *token.span(2 if token[2] else 3)
