"""Steps and when they are due: absolute, never going back, scaled, and cut at a hole."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Arrival, End, Ending, Exchange, Note
from sseproxy.schedule import schedule

from . import build

HEAD = build.response(t=100)
THREE = build.arrivals((200, b"a"), (300, b"b"), (300, b"c"))
WHOLE = build.exchange(THREE, response=HEAD, end_t=450)


def dues(exchange: Exchange, speed: float = 1.0) -> list[int]:
    return [step.due for step in schedule(exchange, speed)]


def test_steps_are_head_arrivals_and_end_at_their_recorded_times() -> None:
    assert [(step.due, step.action) for step in schedule(WHOLE)] == [
        (100, HEAD),
        (200, b"a"),
        (300, b"b"),
        (300, b"c"),
        (450, End(450, Ending.CLEAN, 3)),
    ]


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (1.0, [100, 200, 300, 300, 450]),
        (2.0, [50, 100, 150, 150, 225]),
        (0.5, [200, 400, 600, 600, 900]),
        (3.0, [33, 67, 100, 100, 150]),
        (1000.0, [0, 0, 0, 0, 0]),
        (math.inf, [0, 0, 0, 0, 0]),
    ],
)
def test_speed_scales_each_due_time_by_itself(speed: float, expected: list[int]) -> None:
    # Not step by step: what is rounded in one would add up in the next.
    assert dues(WHOLE, speed) == expected


def test_a_day_at_a_third_of_the_speed_is_exact() -> None:
    day = 86_400_000_000
    assert dues(build.exchange(build.arrivals((day, b"a"))), 1 / 3) == [0, 3 * day, 3 * day]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([300, 200, 250], [0, 300, 300, 300, 300]),
        ([300, 200, 400], [0, 300, 300, 400, 400]),
        ([1, 1, 1], [0, 1, 1, 1, 1]),
    ],
)
def test_due_times_never_go_back_whatever_a_hand_has_edited(times: list[int], expected: list[int]) -> None:
    assert dues(build.exchange(build.arrivals(*((t, b"x") for t in times)))) == expected


def test_an_arrival_is_never_due_before_the_head() -> None:
    late = build.exchange(THREE, response=build.response(t=250))
    assert dues(late) == [250, 250, 300, 300, 300]


def test_a_recording_without_an_end_is_broken_off_after_its_last_byte() -> None:
    *_, last = schedule(build.exchange(THREE, response=HEAD, ending=None))
    assert (last.due, last.action) == (300, End(300, Ending.INCOMPLETE, 3))


def test_without_any_byte_it_is_after_the_head() -> None:
    steps = schedule(build.exchange(response=HEAD, ending=None))
    assert [(step.due, step.action) for step in steps] == [(100, HEAD), (100, End(100, Ending.INCOMPLETE, 0))]


def test_without_a_head_only_the_end_is_left() -> None:
    refused = build.exchange(response=None, ending=Ending.CONNECT_FAILED, end_t=70)
    assert [(step.due, step.action) for step in schedule(refused, 2.0)] == [
        (35, End(70, Ending.CONNECT_FAILED, 0))
    ]
    died = build.exchange(response=None, ending=None)
    assert [(step.due, step.action) for step in schedule(died)] == [(0, End(0, Ending.INCOMPLETE, 0))]


def test_an_end_keeps_all_it_says() -> None:
    end = End(9, Ending.CLEAN, 3, trailers=((b"A", b"b"),), client_left=True, detail="d")
    exchange = Exchange(build.head(), build.request(), HEAD, THREE, (), end)
    assert schedule(exchange)[-1].action is end


@pytest.mark.parametrize(
    ("after", "left", "size"), [(0, [], 0), (1, [b"a"], 1), (2, [b"a", b"b"], 2), (3, [b"a", b"b", b"c"], 3)]
)
@pytest.mark.parametrize("ending", [Ending.LOSSY, Ending.CLEAN, None])
def test_at_a_hole_the_replay_stops_and_breaks_off(
    after: int, left: list[bytes], size: int, ending: Ending | None
) -> None:
    exchange = build.exchange(THREE, response=HEAD, ending=ending, end_t=900, notes=[build.hole(350, after)])
    head, *middle, last = schedule(exchange)
    assert head.action == HEAD
    assert [step.action for step in middle] == left
    assert (last.due, last.action) == (350, End(350, Ending.LOSSY, size))


def test_the_time_of_a_hole_is_scaled_like_any_other() -> None:
    exchange = build.exchange(THREE, response=HEAD, notes=[build.hole(350, 3)])
    assert dues(exchange, 2.0) == [50, 100, 150, 150, 175]


def test_the_first_hole_counts() -> None:
    notes = [Note(210, "mark", ("mark",), 1), build.hole(220, 1), build.hole(320, 2)]
    steps = schedule(build.exchange(THREE, response=HEAD, notes=notes))
    assert [step.action for step in steps[1:-1]] == [b"a"]
    assert steps[-1].due == 220


def test_other_notes_change_nothing() -> None:
    notes = [Note(210, "hole", ("mark", "holes"), 1)]
    assert schedule(build.exchange(THREE, notes=notes)) == schedule(build.exchange(THREE))


times = st.integers(0, 10**12)


@settings(deadline=None, derandomize=True)
@given(
    came=st.lists(st.builds(Arrival, times, st.binary(min_size=1, max_size=3)), max_size=8),
    speed=st.floats(0.01, 1000) | st.just(math.inf),
    ending=st.none() | st.sampled_from(Ending),
)
def test_any_replay_has_every_byte_in_order_and_its_times_ascend(
    came: list[Arrival], speed: float, ending: Ending | None
) -> None:
    steps = schedule(build.exchange(came, ending=ending), speed)
    assert [step.action for step in steps[1:-1]] == [arrival.data for arrival in came]
    assert all(one.due <= other.due for one, other in pairwise(steps))
    in_order = [arrival.t for arrival in came] == sorted(arrival.t for arrival in came)
    if in_order and not math.isinf(speed):
        assert [step.due for step in steps[1:-1]] == [round(arrival.t / speed) for arrival in came]
