"""A body with an announced length, replayed: what is played never says more, or less, than it has."""

from __future__ import annotations

import pytest

from sseproxy.exchange import Arrival, End, Ending, Exchange, Framing, Headers
from sseproxy.schedule import schedule

from . import build

PIECES = build.arrivals((10, b"abc"), (20, b"de"))
BROKEN = [
    b"",
    b"five",
    b"-1",
    b"+9",
    b"9, 9",
    b"0x9",
    b"9.0",
    b"1e1",
    b"9 9",
    b"1_0",
    b"\xb2",
    b"9" * 19,
    b"9" * 5000,
]


def length(value: bytes) -> Headers:
    return ((b"Content-Type", b"text/event-stream"), (b"cONTENT-lENGTH", value))


def recorded(
    headers: Headers,
    ending: Ending | None,
    framing: Framing = Framing.LENGTH,
    came: tuple[Arrival, ...] = PIECES,
) -> Exchange:
    return build.exchange(came, ending=ending, end_t=30, response=build.response(headers, framing=framing))


def told(exchange: Exchange) -> tuple[list[object], Ending]:
    """What of the body is played, and how it ends."""
    _, *middle, last = schedule(exchange)
    assert isinstance(last.action, End)
    return [step.action for step in middle], last.action.reason


@pytest.mark.parametrize(
    ("announced", "played", "whole"),
    [
        (b"0", [], True),
        (b"1", [b"a"], True),
        (b"2", [b"ab"], True),
        (b"3", [b"abc"], True),
        (b"4", [b"abc", b"d"], True),
        (b"5", [b"abc", b"de"], True),
        (b"05", [b"abc", b"de"], True),
        (b" 4\t", [b"abc", b"d"], True),
        (b"6", [b"abc", b"de"], False),
        (b"9" * 18, [b"abc", b"de"], False),
    ],
)
@pytest.mark.parametrize(
    "ending", [Ending.CLEAN, Ending.EOF_UNFRAMED, Ending.TRUNCATED, Ending.CLIENT_LEFT, Ending.PROXY_STOPPED]
)
def test_a_body_is_held_to_its_length_and_less_is_never_the_whole(
    announced: bytes, played: list[bytes], whole: bool, ending: Ending
) -> None:
    expected = Ending.TRUNCATED if ending.whole and not whole else ending
    assert told(recorded(length(announced), ending)) == (played, expected)


@pytest.mark.parametrize("announced", [b"0", b"5", b"6"])
def test_a_recording_without_an_end_stays_incomplete(announced: bytes) -> None:
    assert told(recorded(length(announced), None))[1] is Ending.INCOMPLETE


@pytest.mark.parametrize(("announced", "expected"), [(b"0", Ending.CLEAN), (b"1", Ending.TRUNCATED)])
def test_a_body_of_no_bytes_is_whole_only_where_none_were_announced(
    announced: bytes, expected: Ending
) -> None:
    assert told(recorded(length(announced), Ending.CLEAN, came=())) == ([], expected)


@pytest.mark.parametrize("ending", [Ending.CLEAN, Ending.TRUNCATED])
@pytest.mark.parametrize("value", BROKEN, ids=lambda value: repr(value[:8]))
def test_a_length_that_is_no_number_changes_nothing(value: bytes, ending: Ending) -> None:
    assert told(recorded(length(value), ending)) == ([b"abc", b"de"], ending)


@pytest.mark.parametrize("ending", [Ending.CLEAN, Ending.TRUNCATED])
def test_a_length_that_is_missing_changes_nothing(ending: Ending) -> None:
    assert told(recorded((), ending)) == ([b"abc", b"de"], ending)


@pytest.mark.parametrize("ending", [Ending.CLEAN, Ending.TRUNCATED])
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
@pytest.mark.parametrize("announced", [b"0", b"4", b"6"])
def test_a_length_that_does_not_frame_the_body_changes_nothing(
    announced: bytes, framing: Framing, ending: Ending
) -> None:
    assert told(recorded(length(announced), ending, framing)) == ([b"abc", b"de"], ending)


@pytest.mark.parametrize("announced", [b"0", b"5", b"9" * 18])
def test_the_length_of_an_answer_to_head_announces_nothing(announced: bytes) -> None:
    exchange = recorded(length(announced), Ending.CLEAN, Framing.NONE, came=())
    assert told(exchange) == ([], Ending.CLEAN)


def test_what_is_cut_keeps_the_times_of_the_rest_and_the_end_its_own() -> None:
    steps = schedule(recorded(length(b"4"), Ending.CLEAN))
    assert [step.due for step in steps] == [0, 10, 20, 30]


def test_what_is_missing_breaks_off_when_the_recording_ended() -> None:
    *_, last = schedule(recorded(length(b"9"), Ending.CLEAN))
    assert (last.due, last.action) == (30, End(30, Ending.TRUNCATED, 5))


def test_at_a_hole_it_is_lossy_whatever_length_was_announced() -> None:
    head = build.response(length(b"5"), framing=Framing.LENGTH)
    exchange = build.exchange(PIECES[:1], response=head, notes=[build.hole(15, 1)])
    assert told(exchange) == ([b"abc"], Ending.LOSSY)
