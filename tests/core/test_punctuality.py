"""How late a replay was: a distribution in little room, and the drift of one stream."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.punctuality import BATCH, ENDS, Lateness, Punctuality, punctuality

TIMES = st.lists(
    st.one_of(
        st.integers(0, 300),
        st.integers(0, 10**12),
        st.integers(0, 12).map(lambda digits: 10**digits),
        st.integers(1, 12).map(lambda digits: 10**digits - 1),
    )
)
"""Microseconds: many that are alike, and those beside which a digit more begins."""
SHARES = st.sampled_from([Fraction(percent, 100) for percent in (0, 1, 25, 50, 75, 99, 100)])


def lateness(times: Iterable[int]) -> Lateness:
    made = Lateness()
    for late in times:
        made.add([late])
    return made


def figures(late: Lateness) -> list[int]:
    """All that can be asked of it."""
    percentiles = [late.percentile(percent / 100) for percent in range(0, 101, 5)]
    return [late.count, late.total, late.worst, *percentiles, *map(late.up_to, [0, 50, 1_000, 10**6, 10**12])]


def exact_percentile(times: Sequence[int], share: Fraction) -> int:
    return sorted(times)[max(1, math.ceil(share * len(times))) - 1]


@given(TIMES.filter(bool), SHARES)
def test_a_percentile_is_at_most_5_percent_off(times: list[int], share: Fraction) -> None:
    exact = exact_percentile(times, share)
    assert abs(lateness(times).percentile(float(share)) - exact) <= exact * 5 / 100


@given(st.lists(st.integers(0, 100), min_size=1), SHARES)
def test_a_percentile_of_two_digits_is_exact(times: list[int], share: Fraction) -> None:
    assert lateness(times).percentile(float(share)) == exact_percentile(times, share)


@given(TIMES)
def test_count_total_and_worst_are_exact(times: list[int]) -> None:
    late = lateness(times)
    assert (late.count, late.total, late.worst) == (len(times), sum(times), max(times, default=0))
    assert late.percentile(1.0) <= late.worst


@given(st.lists(TIMES))
def test_merging_is_adding_all(parts: list[list[int]]) -> None:
    merged = Lateness()
    for part in parts:
        merged.merge(lateness(part))
    assert figures(merged) == figures(lateness(late for part in parts for late in part))


@given(TIMES, TIMES)
def test_merging_changes_nothing_of_what_is_merged(times: list[int], more: list[int]) -> None:
    one, other = lateness(times), lateness(more)
    one.merge(other)
    one.add([7])
    assert figures(other) == figures(lateness(more))


@given(TIMES, st.lists(st.integers(0, 10**12)))
def test_the_higher_the_limit_the_more_are_up_to_it(times: list[int], limits: list[int]) -> None:
    late = lateness(times)
    counts = [late.up_to(limit) for limit in sorted(limits)]
    assert counts == sorted(counts)
    assert late.up_to(10**13) == late.count


@given(TIMES, st.integers(0, 10**12))
def test_who_is_far_from_a_limit_is_on_its_right_side(times: list[int], limit: int) -> None:
    surely = sum(late * 105 <= limit * 100 for late in times)
    perhaps = sum(late * 95 <= limit * 100 for late in times)
    assert surely <= lateness(times).up_to(limit) <= perhaps


@pytest.mark.parametrize(
    ("times", "median", "p99", "worst"),
    [
        ([], 0, 0, 0),
        ([0], 0, 0, 0),
        ([37], 37, 37, 37),
        ([1, 2], 1, 2, 2),
        ([1, 2, 3], 2, 3, 3),
        ([*range(1, 101)], 50, 99, 100),
        ([*range(1, 101), 5_000], 51, 100, 5_000),
        ([104], 100, 100, 104),
        ([105], 105, 105, 105),
        ([1_049], 1_000, 1_000, 1_049),
        ([1_060], 1_060, 1_060, 1_060),
        ([99, 9_949], 99, 9_900, 9_949),
    ],
)
def test_figures_of_some_streams(times: list[int], median: int, p99: int, worst: int) -> None:
    late = lateness(times)
    assert (late.percentile(0.5), late.percentile(0.99), late.worst) == (median, p99, worst)


def test_many_events_take_little_room() -> None:
    late = lateness(range(0, 10**9, 10**4))
    assert late.count == 10**5
    assert len(pickle.dumps(late)) < 10**4


DRIFTS: dict[str, tuple[Sequence[int], int]] = {
    "none": ([], 0),
    "one event": ([500], 0),
    "steady": ([40] * 100, 0),
    "shorter than both ends together": ([10] * ENDS, 0),
    "later and later": (range(0, 10_000, 10), 10 * (1_000 - ENDS)),
    "early at last": ([100] * 50 + [30] * 50, -70),
    "one late event at an end is none": ([40] * 99 + [9_000], 0),
    "nor is one in the middle": ([40] * 50 + [9_000] + [40] * 50, 0),
    "two events": ([10, 30], 0),
}


@pytest.mark.parametrize(("times", "drift"), DRIFTS.values(), ids=list(DRIFTS))
def test_the_drift_of_a_stream(times: Sequence[int], drift: int) -> None:
    told = punctuality(times)
    assert told.drift == drift
    assert figures(told.lateness) == figures(lateness(times))


@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(0, 10**9))
def test_what_is_late_all_along_does_not_drift(times: list[int], more: int) -> None:
    assert punctuality(late + more for late in times).drift == pytest.approx(punctuality(times).drift, abs=1)


@given(TIMES, st.integers(1, 3 * BATCH))
def test_how_many_there_are_makes_no_difference(times: list[int], count: int) -> None:
    """Nor whether somebody has asked meanwhile."""
    long = [*itertools.islice(itertools.cycle([*times, 1]), count)]
    asked = Punctuality()
    for late in long:
        asked.add(late)
        assert asked.lateness.worst >= late
    told = punctuality(long)
    assert figures(told.lateness) == figures(asked.lateness) == figures(lateness(long))
    assert told.drift == asked.drift == round(median(long[-ENDS:]) - median(long[:ENDS]))
