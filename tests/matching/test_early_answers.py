"""Answers that were recorded before all of the request had come: whom they answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sseproxy.exchange import Exchange, Request
from tests.core import build
from tests.matching.support import Asked, recorded


def whole(body: bytes, method: str = "POST", target: bytes = b"/api") -> Request:
    return build.request(method, target, body)


def begun(body: bytes, method: str = "POST", target: bytes = b"/api") -> Request:
    """A request of which no more than this was recorded."""
    return replace(whole(body, method, target), complete=False)


@pytest.mark.parametrize(
    ("recorded_part", "asked", "expected"),
    [
        (begun(b"ab"), whole(b"abc"), ["early"]),
        (begun(b"ab"), whole(b"ab"), ["early"]),
        (begun(b""), whole(b""), ["early"]),
        (begun(b""), whole(b"anything"), ["early"]),
        (begun(b"ab"), begun(b"abc"), ["early"]),
        (begun(b'{"q":'), whole(b'{"q":1}'), ["early"]),
        (begun(b"\xff\0"), whole(b"\xff\0\n"), ["early"]),
        (begun(b"ab"), whole(b"a"), ["-"]),
        (begun(b"ab"), whole(b""), ["-"]),
        (begun(b"ab"), whole(b"b"), ["-"]),
        (begun(b"ab"), whole(b"xab"), ["-"]),
        (begun(b"ab"), whole(b"ABC"), ["-"]),
        (begun(b"ab"), whole(b"abc", "PUT"), ["-"]),
        (begun(b"ab"), whole(b"abc", target=b"/other"), ["-"]),
        (begun(b"ab"), whole(b"abc", target=b"/api?q"), ["-"]),
        (begun(b"ab"), whole(b"abc", target=b"/api/"), ["-"]),
        (begun(b"", target=b"/api?token=one"), whole(b"", target=b"/api?token=two"), ["early"]),
        (whole(b"ab"), whole(b"abc"), ["-"]),
    ],
)
def test_it_answers_a_request_that_begins_like_what_was_recorded(
    recorded_part: Request, asked: Request, expected: list[str]
) -> None:
    answers = Asked([recorded("early", 1, recorded_part)])
    assert answers.given(asked) == expected


EARLY = [
    recorded("1", 1, begun(b"")),
    recorded("2", 2, begun(b"ab")),
    recorded("3", 3, begun(b"a")),
    recorded("4", 4, begun(b"x")),
]


@pytest.mark.parametrize("exchanges", [EARLY, EARLY[::-1]], ids=["in order", "whatever the order"])
@pytest.mark.parametrize(
    ("body", "expected"), [(b"abc", ["3"] * 3), (b"a", ["3"] * 3), (b"xyz", ["4"] * 3), (b"-", ["1"] * 3)]
)
def test_the_newest_that_fits_answers_again_and_again(
    body: bytes, expected: list[str], exchanges: list[Exchange]
) -> None:
    assert Asked(exchanges).given(whole(body), 3) == expected


def test_the_newest_is_that_of_any_session() -> None:
    old, new = recorded("old", 1, begun(b"a"), "s1"), recorded("new", 2, begun(b""), "s2")
    assert Asked([new, old]).given(whole(b"ab")) == ["new"]
    assert Asked([old]).given(whole(b"ab")) == ["old"]


@pytest.mark.parametrize("second", [1, 9])
def test_a_recording_of_the_very_request_goes_first(second: int) -> None:
    exact = [recorded("a", second, whole(b"abc")), recorded("b", second, whole(b"abc"))]
    answers = Asked([recorded("early", 5, begun(b"abc")), *exact])
    assert answers.given(whole(b"abc"), 3) == ["a", "b", "b"]
    assert answers.given(whole(b"abcd")) == ["early"]


def test_a_recording_in_another_spelling_goes_first_too() -> None:
    answers = Asked([recorded("early", 5, begun(b'{ "q"')), recorded("exact", 1, whole(b'{"q":1}'))])
    assert answers.given(whole(b'{ "q": 1.0 }')) == ["exact"]
    assert answers.given(whole(b'{ "q": 2 }')) == ["early"]


def test_it_takes_nobodys_turn() -> None:
    answers = Asked([*EARLY, recorded("a", 1, whole(b"abc")), recorded("b", 2, whole(b"abc"))])
    asked = [b"abc", b"abcd", b"abc"]
    assert [answers.given(whole(body)) for body in asked] == [["a"], ["3"], ["b"]]


def test_sessions_that_are_chained_change_nothing() -> None:
    answers = Asked(EARLY, chain_sessions=True)
    assert answers.given(whole(b"abc"), 2) == ["3", "3"]
