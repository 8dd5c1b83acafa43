"""Gaps, stalls, and the histogram that many of them go into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.gaps import STALL, Histogram, percentile
from sseproxy.analysis.story import Story, read_story
from tests.cassette.strategies import thorough
from tests.core import build

SECOND = 1_000_000


def at(*times: int, beats: tuple[int, ...] = ()) -> Story:
    """Tokens at these times, and comments at those."""
    timed = [(t, b"event: token\ndata: x\n\n") for t in times] + [(t, b": beat\n\n") for t in beats]
    return read_story(build.exchange(build.arrivals(*sorted(timed))))


@pytest.mark.parametrize(
    ("story", "late"),
    [
        pytest.param(at(0, 10, 20, 30), [], id="an even stream"),
        pytest.param(at(0, 10, 20, 20 + STALL), [4], id="a second"),
        pytest.param(at(0, 10, 20, 19 + STALL), [], id="less than a second"),
        pytest.param(at(0, SECOND, 2 * SECOND, 11 * SECOND), [], id="nine times the median"),
        pytest.param(at(0, SECOND, 2 * SECOND, 12 * SECOND), [4], id="ten times the median"),
        pytest.param(at(0, 10, 20, 30, 3 * SECOND, 9 * SECOND), [5, 6], id="two of them"),
        pytest.param(at(0, 10, 20, 3 * SECOND, beats=(SECOND, 2 * SECOND)), [4], id="comments break no gap"),
        pytest.param(at(0), [], id="one event"),
        pytest.param(at(), [], id="none"),
    ],
)
def test_a_stall_is_long_and_unlike_the_rest(story: Story, late: list[int]) -> None:
    assert [gap.after.number for gap in story.survey.stalls] == late


def test_a_gap_names_the_events_at_its_ends() -> None:
    gap = at(10, 25).survey.longest
    assert gap
    assert (gap.before.number, gap.after.number, gap.length) == (1, 2, 15)


values = st.lists(st.integers(0, 10**12), max_size=60)


@thorough
@given(values, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_of_the_histogram_is_at_most_a_128th_too_low(numbers: list[int], share: float) -> None:
    exact, found = percentile(numbers, share), Histogram(numbers).percentile(share)
    assert exact - exact / 128 <= found <= exact
    assert exact > 255 or found == exact


@thorough
@given(values, values)
def test_what_is_added_in_parts_is_all_there(first: list[int], second: list[int]) -> None:
    parts = Histogram(first)
    parts.add(second)
    assert list(parts) == list(Histogram(first + second))
    assert (len(parts), parts.largest) == (len(first + second), max(first + second, default=0))


def test_a_histogram_does_not_grow_with_its_values() -> None:
    many = Histogram(range(1_000_000, 1_200_000))
    assert len(many) == 200_000
    assert len(list(many)) < 40
