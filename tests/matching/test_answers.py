"""Whose turn it is when a request comes again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sseproxy.exchange import End, Ending, Exchange, Request
from sseproxy.matching import Answers, Exhausted, Loaded, Rules
from sseproxy.redaction import mask_request
from tests.core import build
from tests.matching import support
from tests.matching.support import Asked


def recorded(
    id: str,
    second: int,
    session: str = "s1",
    request: Request | None = build.request(body=b"a"),  # noqa: B008
) -> Exchange:
    return support.recorded(id, second, request, session)


def unanswered(id: str, second: int, session: str) -> Exchange:
    return replace(recorded(id, second, session), response=None)


def stopped(id: str, second: int, session: str) -> Exchange:
    return replace(recorded(id, second, session), end=End(9, Ending.PROXY_STOPPED, 0))


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
        pytest.param(
            [*THREE, unanswered("down", 11, "s2")],
            ["1", "2", "3", "3", "3"],
            id="not one without an upstream",
        ),
        pytest.param(
            [*THREE, stopped("cut", 11, "s2")], ["1", "2", "3", "3", "3"], id="not one that was cut off"
        ),
        pytest.param(
            [*THREE, unanswered("down", 11, "s2"), recorded("up", 12, "s2")],
            ["down", "up", "up", "up", "up"],
            id="but what failed before it was answered",
        ),
        pytest.param(
            [unanswered("1", 1, "s1"), unanswered("2", 2, "s2")], ["2"] * 5, id="where no other answered"
        ),
        pytest.param(SESSIONS[::-1], ["new1", "new2", "new2", "new2", "new2"], id="whatever the order"),
    ],
)
def test_the_answers_to_one_request(exchanges: list[Exchange], expected: list[str]) -> None:
    assert Asked(exchanges).given(A, 5) == expected


def test_sessions_can_be_chained() -> None:
    answers = Asked(SESSIONS, chain_sessions=True)
    assert answers.given(A, 6) == ["old1", "old2", "new1", "new2", "new2", "new2"]


def test_the_newest_session_is_that_of_each_request() -> None:
    # A request that the newest session did not make keeps its answer.
    answers = Asked([*SESSIONS, recorded("only", 3, "s1", B)])
    assert answers.given(B, 2) == ["only", "only"]
    assert answers.given(A, 1) == ["new1"]


def behind(id: str | None) -> Request:
    """A reader of a feed, who has seen this event and what came before it."""
    return build.request("GET", headers=() if id is None else ((b"Last-Event-ID", id.encode()),))


FEED = [
    recorded("first", 1, request=behind(None)),
    recorded("behind 2", 2, request=behind("2")),
    recorded("behind 4", 3, request=behind("4")),
    recorded("behind 2 again", 4, request=behind("2")),
]


@pytest.mark.parametrize(
    ("exchanges", "asked", "expected"),
    [
        pytest.param(FEED, [None, "2", "4"], ["first", "behind 2", "behind 4"], id="as it was recorded"),
        pytest.param(
            FEED,
            ["4", None, "4", None],
            ["behind 4", "first"] * 2,
            id="the page is reloaded",
        ),
        pytest.param(
            FEED,
            ["2", "4", "2", "2"],
            ["behind 2", "behind 4", "behind 2 again", "behind 2 again"],
            id="each id has its own turn",
        ),
        pytest.param(
            FEED,
            ["3", None, "9", ""],
            ["behind 2", "first", "behind 4", "behind 2 again"],
            id="an id that nobody named gets the reconnections in turn",
        ),
        pytest.param(FEED[1:], [None, None], ["behind 2", "behind 4"], id="no first connection recorded"),
        pytest.param(
            [recorded("1", 1, request=behind(None)), recorded("2", 2, request=behind(None))],
            ["7", None, "7"],
            ["1", "2", "2"],
            id="no reconnection recorded",
        ),
    ],
)
def test_a_reconnection_gets_what_was_recorded_behind_its_last_event(
    exchanges: list[Exchange], asked: list[str | None], expected: list[str]
) -> None:
    answers = Asked(exchanges)
    assert [answers.given(behind(id), 1) for id in asked] == [[id] for id in expected]


def test_an_id_that_is_masked_is_found_masked() -> None:
    secret = "sk-proj-" + "a1B2c3D4" * 6
    masked = mask_request(behind(secret))[0]
    assert secret.encode() not in masked.headers[0][1]
    answers = Asked([FEED[0], recorded("other", 2, request=behind("2")), recorded("it", 3, request=masked)])
    assert answers.given(behind(secret), 2) == ["it", "it"]


def test_a_compared_credential_is_answered_by_its_masked_recording() -> None:
    recording, asked = (
        build.request("GET", headers=((b"Authorization", value),))
        for value in (b"[redacted]", b"Bearer sk-1")
    )
    answers = Asked([recorded("it", 1, request=recording)], rules=Rules(headers=("Authorization",)))
    assert answers.given(asked) == ["it"]
    assert answers.given(build.request("GET")) == ["-"]


def test_each_request_has_its_own_turn() -> None:
    answers = Asked([*THREE, recorded("b1", 4, request=B), recorded("b2", 5, request=B)])
    asked = [A, B, A, B, B, A]
    assert [answers.given(request, 1) for request in asked] == [["1"], ["b1"], ["2"], ["b2"], ["b2"], ["3"]]


def test_a_miss_takes_nobodys_turn() -> None:
    answers = Asked(THREE)
    assert answers.given(build.request(body=b"c"), 3) == ["-"] * 3
    assert answers.given(A, 1) == ["1"]


def test_the_same_request_in_another_spelling_takes_the_next_turn() -> None:
    spelled = [build.request(body=body) for body in (b'{"q":1,"r":2}', b'{ "r":2.0, "q":1 }')]
    answers = Asked([recorded("1", 1, request=spelled[0]), recorded("2", 2, request=spelled[1])])
    assert [answers.given(request, 1) for request in reversed(spelled)] == [["1"], ["2"]]


def test_two_players_of_one_library_do_not_share_turns() -> None:
    assert Asked(THREE).given(A, 1) == Asked(THREE).given(A, 1) == ["1"]


@pytest.mark.parametrize(
    ("exhausted", "expected"),
    [
        (Exhausted.LAST, ["1", "2", "3", "3", "3", "3", "3"]),
        (Exhausted.LOOP, ["1", "2", "3", "1", "2", "3", "1"]),
        (Exhausted.MISS, ["1", "2", "3", "-", "-", "-", "-"]),
    ],
)
def test_what_comes_more_often_than_it_was_recorded(exhausted: Exhausted, expected: list[str]) -> None:
    assert Asked(THREE, exhausted=exhausted).given(A, 7) == expected


def test_each_scope_has_sequences_of_its_own() -> None:
    answers = Asked(THREE)
    asked = ["", "a", "b", "a", "", "a", "A"]
    assert [answers.given(A, scope=scope)[0] for scope in asked] == ["1", "1", "1", "2", "2", "3", "1"]


def test_turns_may_be_counted_elsewhere() -> None:
    asked = []

    class Elsewhere:
        def take(self, key: bytes, scope: str) -> int:
            asked.append((key, scope))
            return 1

    answers = Asked(THREE, turns=Elsewhere())
    assert answers.given(A, 2, scope="s") == ["2", "2"]
    assert asked[0] == asked[1]
    assert asked[0][1] == "s"
    assert Asked([]).given(A) == ["-"]


@pytest.mark.parametrize(
    ("exchanges", "asked", "left"),
    [
        (THREE, [], ["1", "2", "3"]),
        (THREE, [A], ["2", "3"]),
        (THREE, [A, A, A, A], []),
        (THREE, [B], ["1", "2", "3"]),
        ([*THREE, recorded("b", 0, request=B)], [A, A, A], ["b"]),
        # What another session hides can never be played.
        (SESSIONS, [], ["new1", "new2"]),
        (SESSIONS, [A, A], []),
    ],
)
def test_what_nobody_asked_for(exchanges: list[Exchange], asked: list[Request], left: list[str]) -> None:
    answers = Asked(exchanges)
    for request in asked:
        answers.given(request)
    assert answers.unplayed() == left


def test_an_early_answer_is_played_too() -> None:
    begun = support.recorded("early", 1, replace(A, complete=False))
    answers = Asked([begun])
    assert answers.unplayed() == ["early"]
    assert answers.given(A) == ["early"]
    assert answers.unplayed() == []


def test_those_from_before_a_time_are_told() -> None:
    answers = Asked(THREE).answers
    assert answers.older_than(support.NOON % 3) == [0, 1]
    assert answers.older_than(support.NOON % 1) == []


def test_the_methods_that_a_path_was_recorded_with() -> None:
    requests = [
        build.request("POST", b"/api?token=[redacted]"),
        replace(build.request("PUT", b"/api?token=[redacted]", b"be"), complete=False),
        build.request("GET", b"/api?token=[redacted]"),
        build.request("GET", b"/other"),
    ]
    answers = Answers(Loaded(recorded(str(i), i, request=each) for i, each in enumerate(requests)))
    assert answers.methods(b"/api?token=sk-1") == ["GET", "POST", "PUT"]
    assert answers.methods(b"/none") == []
