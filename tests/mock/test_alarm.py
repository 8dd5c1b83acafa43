"""Who is called when, with the time and the timer in the test's hands."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.mock.alarm import LEAD, LONG

from .support import Bell


def test_the_earliest_is_called_first_and_equals_in_the_order_they_were_set() -> None:
    bell = Bell()
    for due, name in [(30, "c"), (10, "a1"), (20, "b1"), (10, "a2"), (20, "b2")]:
        bell.set(due, name)
    assert bell.ring_at(30) == ["a1", "a2", "b1", "b2", "c"]


def test_nobody_is_called_before_their_time() -> None:
    bell = Bell()
    bell.set(10, "a")
    bell.set(11, "b")
    assert [bell.ring_at(time) for time in (9, 10, 11, 12)] == [[], ["a"], ["b"], []]


def test_what_is_due_already_waits_for_the_timer_all_the_same() -> None:
    """Sockets have their turn before."""
    bell = Bell()
    bell.clock.time = 100
    bell.set(40, "a")
    assert (bell.called, bell.timer.starts) == ([], [-60])
    assert bell.ring_at(100) == ["a"]


def test_the_timer_is_started_only_for_whom_it_would_be_late() -> None:
    bell = Bell()
    waits = []
    for due in (50, 60, 50, 40, 45):
        bell.set(due, "")
        waits.append(list(bell.timer.starts))
    assert waits == [[50], [50], [50], [50, 40], [50, 40]]


def test_the_timer_is_started_once_a_ring_and_not_when_nobody_waits() -> None:
    bell = Bell()
    bell.set(10, "a", lambda: bell.set(30, "c"))
    bell.set(10, "b", lambda: bell.set(25, "d"))
    bell.ring_at(12)
    assert bell.timer.starts == [10, 13]
    bell.ring_at(30)
    assert bell.timer.starts == [10, 13]
    bell.set(40, "e")
    assert bell.timer.starts == [10, 13, 10]


def test_a_timer_that_rings_early_is_started_again() -> None:
    bell = Bell()
    bell.set(50, "a")
    assert bell.ring_at(49) == []
    assert bell.timer.starts == [50, 1]
    assert bell.ring_at(50) == ["a"]


def test_what_is_set_while_it_rings_and_due_is_called_in_the_same_ring() -> None:
    bell = Bell()
    bell.set(10, "a", lambda: bell.set(5, "late already"))
    bell.set(20, "b")
    assert bell.ring_at(20) == ["a", "late already", "b"]


def test_what_comes_due_while_it_rings_waits_for_the_next() -> None:
    bell = Bell()

    def slow() -> None:
        bell.clock.time = 100
        bell.set(60, "b")

    bell.set(10, "a", slow)
    assert bell.ring_at(10) == ["a"]
    assert bell.timer.starts == [10, -40]
    assert bell.ring_at(100) == ["b"]


def test_one_that_fails_neither_delays_nor_loses_another(caplog: pytest.LogCaptureFixture) -> None:
    bell = Bell()

    def fail() -> None:
        raise ValueError("of one stream")

    bell.set(10, "a", fail)
    bell.set(10, "b")
    bell.set(20, "c", fail)
    bell.set(30, "d")
    assert [bell.ring_at(10), bell.ring_at(20), bell.ring_at(30)] == [["a", "b"], ["c"], ["d"]]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert bell.timer.starts == [10, 10, 10]


@pytest.mark.parametrize("ringing", [True, False])
def test_nobody_is_called_once_it_is_closed(ringing: bool) -> None:
    bell = Bell()
    bell.set(10, "a", bell.alarm.close if ringing else lambda: None)
    bell.set(10, "b")
    bell.set(20, "c")
    if not ringing:
        bell.alarm.close()
    assert bell.ring_at(30) == (["a"] if ringing else [])
    assert bell.timer.closed
    assert bell.timer.starts == [10]


def test_a_long_wait_is_cut_short_and_its_rest_waited_for() -> None:
    """Who has been woken for it is awake when the time comes."""
    bell = Bell()
    bell.set(LONG + 1, "a")
    assert bell.timer.starts == [LONG + 1 - LEAD]
    assert bell.ring_at(LONG + 1 - LEAD) == []
    assert bell.timer.starts[1:] == [LEAD]
    assert bell.ring_at(LONG + 1) == ["a"]
    assert len(bell.timer.starts) == 2


def test_those_whose_time_has_come_are_called_between_without_the_timer() -> None:
    bell = Bell()
    bell.alarm.catch_up()
    bell.set(10, "a")
    bell.set(20, "b")
    told = []
    for bell.clock.time in (9, 10, 15):
        bell.alarm.catch_up()
        told.append(list(bell.called))
    assert told == [[], ["a"], ["a"]]
    assert bell.timer.starts == [10, 10]
    assert bell.ring_at(20) == ["b"]


def test_who_closes_it_is_not_called_again_either() -> None:
    bell = Bell()
    times: list[int] = []

    def close() -> int | None:
        times.append(bell.clock.time)
        bell.alarm.close()
        return bell.clock.time + 10

    bell.alarm.set(10, close)
    for time in (10, 20, 30):
        bell.ring_at(time)
    assert times == [10]
    assert bell.timer.starts == [10]


def test_who_says_when_is_called_again() -> None:
    bell = Bell()
    times: list[int] = []

    def again() -> int | None:
        times.append(bell.clock.time)
        return bell.clock.time + 10 if len(times) < 3 else None

    bell.alarm.set(10, again)
    for time in (10, 20, 35, 45, 60):
        bell.ring_at(time)
    assert times == [10, 20, 35]


def test_a_time_beyond_what_a_timer_can_hold_is_waited_for_in_steps() -> None:
    bell = Bell()
    far = 10**30
    bell.set(far, "a")
    (wait,) = bell.timer.starts
    assert 3_600 * 10**6 <= wait < 2**31 * 10**6
    assert bell.ring_at(wait) == []
    assert len(bell.timer.starts) == 2
    assert bell.ring_at(far) == ["a"]


@given(st.lists(st.integers(0, 20)), st.lists(st.integers(1, 8)))
def test_each_is_called_once_by_the_first_ring_that_is_not_early(dues: list[int], steps: list[int]) -> None:
    bell = Bell()
    for number, due in enumerate(dues):
        bell.set(due, f"{due} {number}")
    expected = sorted(range(len(dues)), key=lambda number: dues[number])
    before = -1
    for step in [*steps, 30]:
        time = bell.clock.time + step
        due_now = [f"{dues[number]} {number}" for number in expected if before < dues[number] <= time]
        assert bell.ring_at(time) == due_now
        before = time
    assert bell.timer.starts == [] or bool(dues)
