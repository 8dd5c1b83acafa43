"""Newline-delimited JSON as events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.sse import EventStreamParser, LineParser, parser_for
from tests.sse.strategies import thorough

TABLE = [
    (b"", [], None),
    (b"{}\n", [(0, 3, "{}")], None),
    (b"{}\r\n[]\n", [(0, 4, "{}"), (4, 7, "[]")], None),
    (b'{"a":"\xe2\x80\xa8"}\n', [(0, 12, '{"a":"\u2028"}')], None),
    (b"\n \r\n{}\n\n", [(4, 7, "{}")], None),
    (b"{}\n{}", [(0, 3, "{}")], 3),
    (b"\xff\n", [(0, 2, "\ufffd")], None),
]


@pytest.mark.parametrize(("body", "lines", "unfinished"), TABLE)
def test_a_line_is_an_event(body: bytes, lines: list[tuple[int, int, str]], unfinished: int | None) -> None:
    parser = LineParser()
    events = parser.feed(body)
    assert [(event.start, event.stop, event.data) for event in events] == lines
    assert parser.unfinished == unfinished
    assert all(event.dispatched and event.type == "message" for event in events)


@thorough
@given(st.lists(st.binary(max_size=8) | st.sampled_from([b"\n", b"\r\n", b"{}"])))
def test_splits_make_no_difference(reads: list[bytes]) -> None:
    whole, split = LineParser(), LineParser()
    assert [event for read in reads for event in split.feed(read)] == whole.feed(b"".join(reads))
    assert split.unfinished == whole.unfinished


@pytest.mark.parametrize(
    ("media_type", "parser"),
    [
        (b"text/event-stream", EventStreamParser),
        (b"application/x-ndjson", LineParser),
        (b"application/json", type(None)),
        (b"", type(None)),
    ],
)
def test_the_media_type_says_which(media_type: bytes, parser: type) -> None:
    assert type(parser_for(media_type)) is parser
