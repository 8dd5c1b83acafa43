"""Whose turn it is when a request comes again, and what a miss says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sseproxy.exchange import Exchange, Request
from sseproxy.matching import Answers

from . import build

NOON = "2026-11-23T12:00:%02d.000000Z"


def recorded(
    id: str,
    second: int,
    session: str = "s1",
    request: Request | None = build.request(body=b"a"),  # noqa: B008
) -> Exchange:
    return build.exchange(head=build.head(id, wall=NOON % second, session=session), request=request)


def given(answers: Answers, request: Request, times: int) -> list[str]:
    """The ids of what is answered, `-` for a miss."""
    turns = [answers.answer(request) for _ in range(times)]
    return [exchange.head.id if exchange else "-" for exchange in turns]


A, B = build.request(body=b"a"), build.request(body=b"b")
THREE = [recorded("1", 1), recorded("2", 2), recorded("3", 3)]
SESSIONS = [
    recorded("old1", 1, "s1"),
    recorded("old2", 2, "s1"),
    recorded("new1", 11, "s2"),
    recorded("new2", 12, "s2"),
]


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param(THREE, ["1", "2", "3", "3", "3"], id="in recorded order, the last again and again"),
        pytest.param(THREE[::-1], ["1", "2", "3", "3", "3"], id="whatever order the files came in"),
        pytest.param(
            [recorded("b", 1), recorded("a", 1)], ["a", "b", "b", "b", "b"], id="in one instant by id"
        ),
        pytest.param([recorded("z", 1), recorded("a", 2)], ["z", "a", "a", "a", "a"], id="by time before id"),
        pytest.param([recorded("1", 1)], ["1"] * 5, id="one answers always"),
        pytest.param([], ["-"] * 5, id="nothing recorded"),
        pytest.param([recorded("1", 1, request=B)], ["-"] * 5, id="something else recorded"),
        pytest.param(
            [recorded("1", 1, request=None)], ["-"] * 5, id="a recorder that died before the request"
        ),
        pytest.param(SESSIONS, ["new1", "new2", "new2", "new2", "new2"], id="of the newest session"),
        pytest.param(SESSIONS[::-1], ["new1", "new2", "new2", "new2", "new2"], id="whatever the order"),
    ],
)
def test_the_answers_to_one_request(exchanges: list[Exchange], expected: list[str]) -> None:
    assert given(Answers(exchanges), A, 5) == expected


def test_sessions_can_be_chained() -> None:
    answers = Answers(SESSIONS, chain_sessions=True)
    assert given(answers, A, 6) == ["old1", "old2", "new1", "new2", "new2", "new2"]


def test_the_newest_session_is_that_of_each_request() -> None:
    # A request that the newest session did not make keeps its answer.
    answers = Answers([*SESSIONS, recorded("only", 3, "s1", B)])
    assert given(answers, B, 2) == ["only", "only"]
    assert given(answers, A, 1) == ["new1"]


def test_each_request_has_its_own_turn() -> None:
    answers = Answers([*THREE, recorded("b1", 4, request=B), recorded("b2", 5, request=B)])
    asked = [A, B, A, B, B, A]
    assert [given(answers, request, 1) for request in asked] == [["1"], ["b1"], ["2"], ["b2"], ["b2"], ["3"]]


def test_a_miss_takes_nobodys_turn() -> None:
    answers = Answers(THREE)
    assert given(answers, build.request(body=b"c"), 3) == ["-"] * 3
    assert given(answers, A, 1) == ["1"]


def test_the_same_request_in_another_spelling_takes_the_next_turn() -> None:
    spelled = [build.request(body=body) for body in (b'{"q":1,"r":2}', b'{ "r":2.0, "q":1 }')]
    answers = Answers([recorded("1", 1, request=spelled[0]), recorded("2", 2, request=spelled[1])])
    assert [given(answers, request, 1) for request in reversed(spelled)] == [["1"], ["2"]]


def test_two_players_of_one_library_do_not_share_turns() -> None:
    assert given(Answers(THREE), A, 1) == given(Answers(THREE), A, 1) == ["1"]


LIBRARY = [
    recorded("1", 1, request=build.request("POST", b"/a", b"1")),
    recorded("2", 2, request=build.request("POST", b"/a", b"2")),
    recorded("3", 3, request=build.request("PUT", b"/a", b"1")),
    recorded("4", 4, request=build.request("GET", b"/b")),
]


@pytest.mark.parametrize(
    ("exchanges", "request_", "sentence"),
    [
        (
            LIBRARY,
            build.request("POST", b"/a", b"3"),
            "no cassette answers POST /a: 2 recordings of it with another body",
        ),
        (
            LIBRARY,
            build.request("PUT", b"/a", b"2"),
            "no cassette answers PUT /a: 1 recording of it with another body",
        ),
        (LIBRARY, build.request("GET", b"/a"), "no cassette answers GET /a: recorded with POST, PUT only"),
        (LIBRARY, build.request("POST", b"/b"), "no cassette answers POST /b: recorded with GET only"),
        (
            LIBRARY,
            build.request("GET", b"/c"),
            "no cassette answers GET /c: the library has 4 other requests",
        ),
        (
            LIBRARY[:1],
            build.request("GET", b"/c"),
            "no cassette answers GET /c: the library has 1 other request",
        ),
        ([], build.request("GET", b"/c"), "no cassette answers GET /c: the library has 0 other requests"),
        (
            LIBRARY,
            build.request("GET", b"/c?token=secret"),
            "no cassette answers GET /c?token=[redacted]: the library has 4 other requests",
        ),
        (
            LIBRARY,
            build.request("GET", b"/\xff"),
            "no cassette answers GET /\\xff: the library has 4 other requests",
        ),
    ],
)
def test_a_miss_says_what_comes_nearest(exchanges: list[Exchange], request_: Request, sentence: str) -> None:
    answers = Answers(exchanges)
    assert answers.answer(request_) is None
    assert answers.explain(request_) == sentence


def test_the_methods_that_a_target_was_recorded_with() -> None:
    requests = [
        build.request("POST", b"/api?token=[redacted]"),
        replace(build.request("PUT", b"/api?token=[redacted]", b"be"), complete=False),
        build.request("GET", b"/api?token=[redacted]"),
        build.request("GET", b"/other"),
    ]
    answers = Answers(recorded(str(i), i, request=each) for i, each in enumerate(requests))
    assert answers.methods(b"/api?token=sk-1") == ["GET", "POST", "PUT"]
    assert answers.methods(b"/none") == []
