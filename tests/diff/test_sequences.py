"""What two sequences have in common, in order."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.diff.sequences import common, moved, paired
from tests.cassette.strategies import thorough

texts = st.text("abc", max_size=9)


def longest(was: str, now: str) -> int:
    """The length of a longest common subsequence, by its definition."""

    @cache
    def of(a: int, b: int) -> int:
        if a == len(was) or b == len(now):
            return 0
        return 1 + of(a + 1, b + 1) if was[a] == now[b] else max(of(a + 1, b), of(a, b + 1))

    return of(0, 0)


@thorough
@given(texts, texts)
def test_nothing_longer_is_common(was: str, now: str) -> None:
    found = common(was, now)
    assert all(was[a] == now[b] for a, b in found)
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(found))
    assert len(found) == longest(was, now)


@thorough
@given(texts, texts)
def test_each_item_is_paired_as_often_as_both_have_it(was: str, now: str) -> None:
    found = paired(was, now)
    assert all(was[a] == now[b] for a, b in found)
    assert len({a for a, _ in found}) == len({b for _, b in found}) == len(found)
    assert len(found) == sum(min(was.count(each), now.count(each)) for each in "abc")


@thorough
@given(st.permutations(range(6)))
def test_no_fewer_can_move(order: list[int]) -> None:
    pairs = list(enumerate(order))
    gone = moved(pairs)
    rest = [place for place in order if place not in {b for _, b in gone}]
    assert rest == sorted(rest)
    assert not any(list(each) == sorted(each) for each in combinations(order, len(rest) + 1))


@pytest.mark.parametrize("size", [5_000])
def test_long_sequences_that_differ_little_are_quick(size: int) -> None:
    was = [str(number) for number in range(size)]
    now = [*was[1:-1], was[0], "new"]
    assert len(common(was, now)) == size - 2


def test_long_sequences_without_anything_in_common_have_no_order() -> None:
    assert common(["a"] * 3_000, ["b"] * 3_000) == []
    assert paired(["a"] * 3_000, [*["b"] * 3_000, "a"]) == [(0, 3_000)]
