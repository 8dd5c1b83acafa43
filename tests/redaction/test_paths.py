"""JSONPath rules: what they select, as bytes of the document."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.redaction.mask import masked
from sseproxy.redaction.paths import compile_path, find_paths

DOCUMENT = (
    b'{ "a" : "one", "b": [ {"c": 12, "d": true}, {"c": -1.5e3, "d": null}, "two" ],\n'
    b' "e\\"f": {"g": "th\\\\ree", "h": {}}, "a b": "four", "": "five", "i": [] }'
)


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$.a", [b"one"]),
        ("$['a b']", [b"four"]),
        ("$['']", [b"five"]),
        ("$.b[0].c", [b"12"]),
        ("$.b[*].c", [b"12", b"-1.5e3"]),
        ("$.b[-1]", [b"two"]),
        ("$..c", [b"12", b"-1.5e3"]),
        ("$.b", [b"12", b"-1.5e3", b"two"]),
        ("$['e\"f']", [b"th\\\\ree"]),
        ("$.b[?@.d == true].c", [b"12"]),
        ("$.b[0].d", []),  # a truth value tells nothing
        ("$.i", []),
        ("$.nothing", []),
        ("$", []),
    ],
)
def test_a_path_selects_strings_and_numbers(path: str, selected: list[bytes]) -> None:
    marks = find_paths(DOCUMENT, [compile_path(path)])
    assert [DOCUMENT[mark.start : mark.stop] for mark in marks] == selected
    assert {mark.name for mark in marks} <= {path}


def test_what_is_masked_is_json_still() -> None:
    result = masked(DOCUMENT, find_paths(DOCUMENT, [compile_path("$.b"), compile_path("$.a")]))
    assert len(result) == len(DOCUMENT)
    document = json.loads(result)
    assert document["a"] == "[re"
    assert document["b"] == [{"c": 99, "d": True}, {"c": 999999, "d": None}, "[re"]


def test_a_name_that_stands_twice_is_masked_twice() -> None:
    document = b'{"a":"one","a":"two"}'
    assert len(find_paths(document, [compile_path("$.a")])) == 2


@pytest.mark.parametrize("document", [b'"a"', b'"{\\"a\\":1}"', b"1", b"null"])
def test_what_is_one_value_has_nothing_inside_of_it(document: bytes) -> None:
    assert find_paths(document, [compile_path("$..*"), compile_path("$")]) == []


@pytest.mark.parametrize("document", [b"", b"a", b'{"a":', b"\xff", b'{"a":1}{"a":2}'])
def test_what_is_no_json_has_nothing_to_select(document: bytes) -> None:
    assert find_paths(document, [compile_path("$..*")]) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(VALUES, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=4)
)
def test_everything_selected_leaves_no_string_and_no_digit(value: object) -> None:
    document = orjson.dumps(value)
    result = masked(document, find_paths(document, [compile_path("$.*")]))
    assert len(result) == len(document)
    for before, behind in zip(leaves(value), leaves(json.loads(result)), strict=True):
        match before:
            case bool() | None | "":
                assert behind == before
            case str():
                assert "[redacted]".startswith(str(behind).rstrip("*")[:10])
            case _:
                assert set(str(behind)) == {"9"}


def leaves(value: object) -> list[object]:
    match value:
        case dict():
            return [leaf for each in value.values() for leaf in leaves(each)]
        case list():
            return [leaf for each in value for leaf in leaves(each)]
    return [value]


@pytest.mark.parametrize("text", ["", "a", "$.", "$[", "$.a[?]", "$.a^"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        compile_path(text)
