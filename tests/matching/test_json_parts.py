"""A JSON document taken apart: places as JSONPath has them, values in one spelling."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from sseproxy.matching.json_text import DEPTH_LIMIT, document_parts, place

PARTS: dict[bytes, dict[str, str]] = {
    b"1": {"$": "1"},
    b' "a" ': {"$": '"a'},
    b"null": {"$": "null"},
    b"[]": {"$": "["},
    b"{}": {"$": "{"},
    b'{"a":{}}': {"$": "{", "$.a": "{"},
    b'{"a":[1,{"b":true}],"c":""}': {
        "$": "{",
        "$.a": "[",
        "$.a[0]": "1",
        "$.a[1]": "{",
        "$.a[1].b": "true",
        "$.c": '"',
    },
    b'{"a":1,"a":{"b":2},"a":3}': {"$": "{", "$.a": "1", "$.a#2": "{", "$.a#2.b": "2", "$.a#3": "3"},
    b'{"a b":1}': {"$": "{", "$['a b']": "1"},
    b'{"":1}': {"$": "{", "$['']": "1"},
    b'{"it\'s":1,"\\\\":2,"\\n":3,"\\u0001":4}': {
        "$": "{",
        "$['it\\'s']": "1",
        "$['\\\\']": "2",
        "$['\\n']": "3",
        "$['\\u0001']": "4",
    },
    '{"é":1}'.encode(): {"$": "{", "$['é']": "1"},
}


@pytest.mark.parametrize(("body", "parts"), PARTS.items(), ids=lambda each: ascii(each)[:40])
def test_a_document_has_these_parts(body: bytes, parts: dict[str, str]) -> None:
    found = document_parts(body)
    assert found == parts
    assert list(found) == list(parts)  # in the document's order


NUMBERS = {
    "0": "0",
    "-0": "0",
    "-0.0e5": "0",
    "12": "12",
    "-12": "-12",
    "1.50": "1.5",
    "0.05": "0.05",
    "-0.05": "-0.05",
    "5e-2": "0.05",
    "12.5e1": "125",
    "1E+3": "1000",
    "1e19": "1" + "0" * 19,
    "1e20": "1e20",
    "1" + "0" * 20: "1e20",
    "12e30": "12e30",
    "1.2e31": "12e30",
    "1e-20": "0." + "0" * 19 + "1",
    "1e-21": "1e-21",
    "0.1000000000000000055511151231257827": "1000000000000000055511151231257827e-34",
}


@pytest.mark.parametrize(("written", "spelled"), NUMBERS.items())
def test_a_number_has_one_spelling(written: str, spelled: str) -> None:
    assert document_parts(written.encode()) == {"$": spelled}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a",
        b"{",
        b"[1,]",
        b"{'a':1}",
        b'{"a":1',
        b'"\t"',
        b"01",
        b"NaN",
        b"[Infinity]",
        b"1 2",
        b"\xff",
        b"\xef\xbb\xbf1",
        '"a"'.encode("utf-16"),
    ],
)
def test_what_is_no_json_has_none(body: bytes) -> None:
    assert document_parts(body) is None


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def deep_in_the_stack(calls: int, ask: Callable[[], object]) -> object:
    return ask() if calls == 0 else deep_in_the_stack(calls - 1, ask)


@pytest.mark.parametrize(
    ("depth", "looked_into"), [(DEPTH_LIMIT, True), (DEPTH_LIMIT + 1, False), (100_000, False)]
)
def test_how_deep_is_looked_does_not_depend_on_who_asks(depth: int, looked_into: bool) -> None:
    body = nested(depth)
    from_here = document_parts(body)
    from_deep = deep_in_the_stack(sys.getrecursionlimit() // 2, lambda: document_parts(body))
    assert (from_here is not None) == (from_deep is not None) == looked_into


def test_brackets_in_strings_are_not_nested() -> None:
    body = b'["' + b"[{" * 1000 + b'", "\\"' + b"[" * 1000 + b'"]'
    assert document_parts(body) is not None
    assert document_parts(b"[" + b",".join([b"[]"] * 1000) + b"]") is not None


def test_a_place_is_where_its_value_is() -> None:
    assert place(("a", 0, "b c", "d")) == "$.a[0]['b c'].d"
    assert place(()) == "$"
