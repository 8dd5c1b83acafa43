"""A cassette line by line: the same as read whole, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given

from sseproxy.cassette.decode import Item, Slice, decode
from sseproxy.cassette.items import items
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Arrival, End, Exchange, Head, Note, Request, ResponseHead
from tests.cassette.strategies import exchanges, thorough
from tests.cli.builder import encoded, stream


def folded(found: Iterable[tuple[int, Item]]) -> list[object]:
    """The items with slices joined to arrivals."""
    whole: list[object] = []
    data = b""
    for _, item in found:
        if isinstance(item, Slice):
            data += item.data
            if not item.more:
                whole.append(Arrival(item.t, data))
                data = b""
        else:
            whole.append(item)
    return whole


@thorough
@given(exchanges())
def test_it_is_what_the_whole_file_holds(exchange: Exchange) -> None:
    lines = encoded(exchange)
    found = folded(items(lines.splitlines(keepends=True)))
    whole = decode(lines)
    assert [item for item in found if isinstance(item, Arrival)] == list(whole.arrivals)
    heads = [item for item in found if isinstance(item, Head | Request | ResponseHead | End)]
    assert heads == [each for each in (whole.head, whole.request, whole.response, whole.end) if each]
    assert len([item for item in found if isinstance(item, Note)]) == len(whole.notes)


def test_lines_are_counted_from_one() -> None:
    lines = encoded(stream()).replace(b'{"k":"data"', b'{"k":"new"}\n{"k":"data"', 1)
    assert [number for number, _ in items(lines.splitlines(keepends=True))] == [1, 2, 3, 5, 6, 7, 8]


CUT = encoded(stream())[:-9]
TORN = b'{"k":"head","form'


def test_a_torn_last_line_is_passed_over() -> None:
    assert [number for number, _ in items(CUT.splitlines(keepends=True))] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("data", "part", "error"),
    [
        (b"", False, "empty: a cassette has at least a head"),
        (b"", True, "the recorder has not written a head yet"),
        (TORN, False, "line 1: not JSON"),
        (TORN, True, "the recorder has not written a head yet"),
        (b"{}\n", True, "line 1: each line should be a JSON object with a string `k`"),
        (encoded(stream()) + b'{"k":"data"}\n', False, "line 8: a `data` record stands after the `end`"),
    ],
)
def test_what_is_wrong_is_told_as_for_the_whole_file(data: bytes, part: bool, error: str) -> None:
    with pytest.raises(CassetteError) as whole:
        decode(data, part=part)
    with pytest.raises(CassetteError) as by_line:
        list(items(data.splitlines(keepends=True), part=part))
    assert str(by_line.value).startswith(error)
    assert str(by_line.value) == str(whole.value)
    assert isinstance(by_line.value, NoHeadYetError) is isinstance(whole.value, NoHeadYetError)
