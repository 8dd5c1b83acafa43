"""What is made anew each time is a sequence like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.again import Again
from sseproxy.errors import SseproxyError

places = st.integers(-12, 12) | st.none()


def letters() -> Iterator[str]:
    return iter("abcdefgh")


@settings(deadline=None, derandomize=True)
@given(st.slices(8) | st.builds(slice, places, places, st.sampled_from([None, 1, 2, -1, -3])))
def test_a_slice_is_that_of_a_list(wanted: slice) -> None:
    assert list(Again(letters, 8)[wanted]) == list("abcdefgh")[wanted]


def test_it_is_gone_through_as_often_as_one_likes() -> None:
    again = Again(letters, 8)
    assert [*again, *again, again[0], again[-1]] == [*"abcdefghabcdefgh", "a", "h"]


@pytest.mark.parametrize("look", [list, lambda again: again[-1], lambda again: again[:]])
def test_what_became_shorter_since_it_was_counted_is_told(look: Callable[[Again[str]], object]) -> None:
    with pytest.raises(SseproxyError, match="changed while it was read"):
        look(Again(letters, 9))


def test_what_has_come_since_it_was_counted_is_no_part_of_it() -> None:
    again = Again(letters, 3)
    assert (len(again), list(again), again[-1]) == (3, ["a", "b", "c"], "c")
    with pytest.raises(IndexError):
        again[3]
