"""Each kind of change alone is told under its own heading alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.diff import Heading, diff
from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange
from tests.cassette.strategies import brief, exchanges, thorough
from tests.diff.strategies import (
    Told,
    again,
    other_content,
    other_order,
    other_timing,
    other_wire,
    tellings,
    without_one,
)
from tests.export.support import captured


def headings(was: Exchange, now: Exchange) -> list[Heading]:
    return diff(read_story(was), read_story(now)).headings


@thorough
@given(exchanges())
def test_an_exchange_does_not_differ_from_itself(value: Exchange) -> None:
    assert headings(value, value) == []


@pytest.mark.parametrize("name", captured())
def test_a_capture_does_not_differ_from_itself(name: str) -> None:
    assert headings(captured()[name], captured()[name]) == []


@thorough
@given(tellings())
def test_fresh_ids_are_no_difference(told: Told) -> None:
    assert headings(told.exchange(), again(told).exchange()) == []


@thorough
@given(st.data())
def test_content_alone(data: st.DataObject) -> None:
    told = data.draw(tellings())
    other = data.draw(other_content(again(told)))
    assert headings(told.exchange(), other.exchange()) == [Heading.CONTENT]


@thorough
@given(st.data())
def test_an_event_more_or_fewer_is_content_and_takes_time(data: st.DataObject) -> None:
    told = data.draw(tellings())
    fewer = data.draw(without_one(again(told)))
    for was, now in ((told, fewer), (fewer, told)):
        found = headings(was.exchange(), now.exchange())
        assert found[0] is Heading.CONTENT
        assert set(found) <= {Heading.CONTENT, Heading.TIMING}


@thorough
@given(st.data())
def test_order_alone(data: st.DataObject) -> None:
    told = data.draw(tellings())
    other = data.draw(other_order(again(told)))
    found = diff(read_story(told.exchange()), read_story(other.exchange()))
    assert found.headings == [Heading.ORDER]
    assert len(found.changes[Heading.ORDER]) == 1


@thorough
@given(st.data())
def test_timing_alone(data: st.DataObject) -> None:
    told = data.draw(tellings())
    other = data.draw(other_timing(again(told)))
    assert headings(told.exchange(), other.exchange()) == [Heading.TIMING]


@thorough
@given(st.data())
def test_wire_alone(data: st.DataObject) -> None:
    value = data.draw(tellings()).exchange()
    assert headings(value, data.draw(other_wire(value))) == [Heading.WIRE]


@brief
@given(exchanges(), exchanges())
def test_what_differs_differs_from_either_side(was: Exchange, now: Exchange) -> None:
    assert headings(was, now) == headings(now, was)
