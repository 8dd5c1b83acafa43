"""Which requests are the same: method, target, and the body as what it means where it is JSON."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Request
from sseproxy.matching import Rules
from sseproxy.matching.index import Index, digest
from tests.core import build

thorough = settings(max_examples=200, deadline=None, derandomize=True)


def key(request: Request) -> bytes:
    """Equal for requests that the same recordings answer by the default rules."""
    return digest(Index(Rules()).parts(request))


def same(one: bytes, other: bytes) -> bool:
    return key(build.request(body=one)) == key(build.request(body=other))


def shortly(body: bytes) -> str:
    return ascii(body[:40])


SAME = [
    (b"", b""),
    (b"not json", b"not json"),
    (b"\xff\xfe", b"\xff\xfe"),
    # The order of names, and white space.
    (b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
    (b'{"a":1,"b":2}', b' {\n\t"a" : 1 ,\r\n "b" : 2 } \n'),
    (b'{"a":{"b":1,"c":[{"d":2,"e":3}]}}', b'{"a":{"c":[{"e":3,"d":2}],"b":1}}'),
    (b"[]", b"[ ]"),
    # One string in several spellings.
    (b'"a/b"', b'"a\\/b"'),
    (b'"\\u0041\\n"', b'"A\\u000a"'),
    ('"é😀"'.encode(), b'"\\u00e9\\ud83d\\ude00"'),
    ('{"é":1}'.encode(), b'{"\\u00E9":1}'),
    (b'"\\ud800"', b'"\\uD800"'),
    # One number in several spellings.
    (b"1", b"1.0"),
    (b"1", b"1e0"),
    (b"100", b"1E+2"),
    (b"0.001", b"1e-3"),
    (b"12.50", b"1250e-2"),
    (b"0", b"-0"),
    (b"0", b"0.000e99"),
    (b"-1.0", b"-1"),
    (b"9007199254740993", b"9007199254740993.0"),
    (b"1" + b"0" * 400, b"1e400"),
    (b"1" + b"0" * 5000, b"1e5000"),
    (b"0." + b"0" * 399 + b"1", b"1e-400"),
    (b'{"n":1.50}', b'{"n":15e-1}'),
    # A repeated name keeps each value, in its order.
    (b'{"a":1,"a":2}', b'{ "a":1, "a":2 }'),
    (b'{"a":1,"b":0,"a":2}', b'{"b":0,"a":1,"a":2}'),
]

DIFFERENT = [
    (b"", b"null"),
    (b"a", b"A"),
    (b"not json", b"not json "),
    (b"\xff", b"\xfe"),
    (b'{"a":"\xff"}', b'{ "a":"\xff"}'),  # not valid, so not JSON: compared byte by byte
    (b'{"a":NaN}', b'{"a": NaN}'),
    (b"[1,2]", b"[2,1]"),
    (b"[1]", b"1"),
    (b"[]", b"{}"),
    (b"{}", b"null"),
    (b'{"a":1}', b'{"a":1,"b":null}'),
    (b'{"a":1}', b'{"A":1}'),
    (b'{"a":1,"b":2}', b'{"a":2,"b":1}'),
    (b'{"a":[1],"b":[]}', b'{"a":[],"b":[1]}'),
    # Values of different kinds.
    (b"1", b"true"),
    (b"0", b"false"),
    (b"1", b'"1"'),
    (b"null", b'"null"'),
    (b"null", b"false"),
    (b'""', b"null"),
    (b'"a"', b'["a"]'),
    # Numbers that are one as floats and are not the same.
    (b"9007199254740993", b"9007199254740992"),
    (b"0.1", b"0.1000000000000000055511151231257827"),
    (b"1e400", b"1e401"),
    (b"1e400", b"-1e400"),
    (b"1e-400", b"0"),
    (b"9" * 5000, b"9" * 4999 + b"8"),
    (b"1", b"-1"),
    (b"10", b"1"),
    (b"1.05", b"1.5"),
    (b"0.1", b"1"),
    # Repeated names.
    (b'{"a":1,"a":2}', b'{"a":2,"a":1}'),
    (b'{"a":1,"a":2}', b'{"a":2}'),
    (b'{"a":1,"a":1}', b'{"a":1}'),
    # What looks like the form in which numbers and objects are compared.
    (b"1", b'{"number":["","1",0]}'),
    (b"0", b'{"number":0}'),
    (b"{}", b'{"members":[]}'),
    (b'{"a":"b"}', b'{"members":[["a","b"]]}'),
    (b'{"a":"b"}', b'[["a","b"]]'),
    # Strings are compared letter by letter.
    ('"é"'.encode(), '"e\u0301"'.encode()),
    (b'" a"', b'"a"'),
    (b'"\\\\n"', b'"\\n"'),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=shortly)
def test_these_bodies_are_the_same(one: bytes, other: bytes) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=shortly)
def test_these_bodies_are_not(one: bytes, other: bytes) -> None:
    assert not same(one, other)
    assert same(one, one)
    assert same(other, other)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="brackets"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="brackets that close"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="objects"),
        pytest.param(b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000, id="both"),
        *(
            pytest.param(b'{"a":' * depth + b"1" + b"}" * depth, id=f"{depth} objects")
            for depth in (100, 200, 300, 400, 500, 1000)
        ),
        *(
            pytest.param(b"[" * depth + b"1" + b"]" * depth, id=f"{depth} lists")
            for depth in (300, 900, 1500)
        ),
        pytest.param(b"9" * 100_000, id="digits"),
        pytest.param(b"1e" + b"9" * 100_000, id="an exponent of many digits"),
        pytest.param(b"-1e-99999999999999999999", id="an exponent too small"),
        pytest.param(b"[1e999999999999999999]", id="the largest exponent"),
        pytest.param(b'"' + b"\\" * 100_000, id="backslashes"),
    ],
)
def test_a_body_made_to_break_a_parser_breaks_nothing(body: bytes) -> None:
    assert same(body, body)
    assert not same(body, body + b"x")


@pytest.mark.parametrize("method", ["POST", "post", "PATCH"])
@pytest.mark.parametrize(
    "target", [b"/api", b"/API", b"/api/", b"/api?", b"/%61pi", b"/api?a=1", b"/api?a=%31"]
)
def test_method_and_target_are_compared_letter_by_letter(method: str, target: bytes) -> None:
    equal = key(build.request(method, target)) == key(build.request("POST", b"/api"))
    assert equal == ((method, target) == ("POST", b"/api"))


def test_headers_do_not_count() -> None:
    other = build.request(headers=((b"Accept", b"text/event-stream"),))
    assert key(build.request()) == key(other)


def test_a_credential_in_the_target_matches_any_other_there() -> None:
    recorded = key(build.request(target=b"/api?a=1&token=[redacted]"))
    assert key(build.request(target=b"/api?a=1&token=mine")) == recorded
    assert key(build.request(target=b"/api?a=2&token=mine")) != recorded
    assert key(build.request(target=b"/api?a=1&token=")) != recorded


# Documents as properties. `Decimal` stands for a number, so that what it is worth is exact.

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
leaves = st.none() | st.booleans() | st.integers().map(Decimal) | numbers | st.text(max_size=5)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def spell(value: Any, source: random.Random) -> str:
    """The document in one of its many spellings."""

    def space() -> str:
        return "".join(source.choices(" \t\r\n", k=source.randrange(3)))

    def spelled(value: Any) -> str:
        match value:
            case Decimal():
                return number(value)
            case dict():
                members = [
                    f"{string(name)}{space()}:{space()}{spelled(each)}" for name, each in value.items()
                ]
                source.shuffle(members)
                return "{" + space() + f"{space()},{space()}".join(members) + space() + "}"
            case list():
                return "[" + f"{space()},{space()}".join(map(spelled, value)) + space() + "]"
            case str():
                return string(value)
            case _:
                return json.dumps(value)

    def string(text: str) -> str:
        return json.dumps(text, ensure_ascii=source.random() < 0.5)

    def number(value: Decimal) -> str:
        sign, digits, exponent = value.as_tuple()
        zeros = source.randrange(4) if value else 0  # JSON has no number that begins with two zeros
        whole = "".join(map(str, digits)) + "0" * zeros
        return source.choice([f"{value:f}", f"{'-' if sign else ''}{whole}e{int(exponent) - zeros}"])

    return space() + spelled(value) + space()


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the leaves are; an empty list or object is one."""
    items = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    if not items:
        return [before]
    return [path for step, each in items for path in paths(each, (*before, step))]


def with_leaf(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    step, *rest = path
    if isinstance(value, dict):
        return {
            name: with_leaf(each, tuple(rest), leaf) if name == step else each for name, each in value.items()
        }
    return [with_leaf(each, tuple(rest), leaf) if i == step else each for i, each in enumerate(value)]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@thorough
@given(documents, st.integers(), st.integers())
def test_order_white_space_and_spelling_never_change_the_key(document: Any, seed: int, other: int) -> None:
    one = spell(document, random.Random(seed)).encode()
    assert same(one, spell(document, random.Random(other)).encode())


@thorough
@given(st.data(), documents, leaves)
def test_changing_any_leaf_always_does(data: st.DataObject, document: Any, leaf: Any) -> None:
    path = data.draw(st.sampled_from(paths(document)))
    old = at(document, path)
    # Numbers are all Decimals here, so 1 is not True and equality is by worth.
    assume(type(old) is not type(leaf) or old != leaf)
    changed = with_leaf(document, path, leaf)
    assert not same(spell(document, random.Random(1)).encode(), spell(changed, random.Random(1)).encode())


@thorough
@given(documents, st.sampled_from([b"x", b"\xff", b"{", b'"', b",", b"]"]))
def test_a_body_that_is_not_quite_json_is_compared_byte_by_byte(document: Any, odd: bytes) -> None:
    body = odd + spell(document, random.Random(1)).encode()
    assert same(body, body)
    assert not same(body, b" " + body)


def test_what_was_looked_up_before_is_found_again_and_only_that() -> None:
    """By all that may count, and by no more: a retry may have another number in a header."""
    asked = [
        build.request(method, target, body, headers=headers)
        for method in ("POST", "PUT")
        for target in (b"/a", b"/a?b", b"/a?b=1")
        for body in (b"a=1", b"a=2", b'{"a":1}', b'{"a":1.0}')
        for headers in (
            ((b"Content-Type", b"application/x-www-form-urlencoded"),),
            ((b"content-type", b"text/plain"), (b"X-Retry", b"2")),
        )
    ]
    index = Index(Rules())
    for number, request in enumerate(asked):
        assert index.look_up(request) == index.find(index.parts(request))
        if number % 3 == 0:
            index.add(number, request)
    for request in asked * 2:
        again = replace(request, headers=(*request.headers, (b"X-Retry", b"3")))
        assert index.look_up(request) == index.look_up(again) == index.find(index.parts(request))
