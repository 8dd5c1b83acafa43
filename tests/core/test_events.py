"""The events of an exchange: when each was complete, and what became of the rest of the bytes."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.analysis.events import Stream, read_stream
from sseproxy.exchange import Arrival, Ending, Exchange, Headers
from sseproxy.sse import EventStreamParser

from . import build


def seen(exchange: Exchange) -> list[tuple[int, str]]:
    return [(timed.t, timed.event.data) for timed in read_stream(exchange).events]


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        pytest.param([(5, b"data:a\n\n")], [(5, "a")], id="an event in one arrival"),
        pytest.param([(5, b"data:a\n\ndata:b\n\n")], [(5, "a"), (5, "b")], id="two in one"),
        pytest.param([(5, b"da"), (6, b"ta:a\n"), (7, b"\n")], [(7, "a")], id="one in three"),
        pytest.param([(5, b"data:a\n\ndata:"), (9, b"b\n\n")], [(5, "a"), (9, "b")], id="one and a half"),
        pytest.param([(5, b"data:a\r\n\r"), (9, b"\n")], [(5, "a")], id="complete with the CR of its CRLF"),
        pytest.param(
            [(5, b"data:a\n"), (9, b"\ndata:b\n\n")], [(9, "a"), (9, "b")], id="ended by the next arrival"
        ),
        pytest.param(
            [(5, b":c\n\n"), (6, b"id:1\n\n")], [(5, ""), (6, "")], id="blocks that dispatch nothing"
        ),
        pytest.param([(9, b"data:a\n\n"), (5, b"data:b\n\n")], [(9, "a"), (5, "b")], id="times as they are"),
        pytest.param([(5, b"\n\n\n"), (6, b"\r\n")], [], id="nothing but line ends"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_an_event_has_the_time_of_the_arrival_that_completed_it(
    came: list[tuple[int, bytes]], expected: list[tuple[int, str]]
) -> None:
    exchange = build.exchange(build.arrivals(*came))
    assert seen(exchange) == expected
    assert read_stream(exchange).is_stream


def test_byte_by_byte_it_is_the_time_of_the_last_byte() -> None:
    assert seen(build.exchange(build.bytewise(b"data:a\n\ndata:b\n\n", first=100))) == [
        (107, "a"),
        (115, "b"),
    ]


def test_what_a_listener_sees_are_the_dispatched() -> None:
    stream = read_stream(build.exchange(build.arrivals((5, b":c\n\ndata:a\n\nevent:t\n\ndata\n\n"))))
    assert len(stream.events) == 4
    assert [timed.event.data for timed in stream.dispatched] == ["a", ""]


@pytest.mark.parametrize(
    ("headers", "is_stream"),
    [
        (((b"Content-Type", b"text/event-stream"),), True),
        (((b"content-type", b"TEXT/Event-Stream"),), True),
        (((b"CONTENT-TYPE", b"text/event-stream;charset=utf-8"),), True),
        (((b"Content-Type", b' text/event-stream ; charset=latin-1; q="a;b"'),), True),
        (((b"Content-Type", b"text/event-stream;"),), True),
        (((b"Content-Type", b"text/event-stream"), (b"Content-Type", b"text/plain")), True),
        (((b"Content-Type", b"text/plain"), (b"Content-Type", b"text/event-stream")), False),
        (((b"Content-Type", b"application/json"),), False),
        (((b"Content-Type", b"text/event-streams"),), False),
        (((b"Content-Type", b"text/event-stream+json"),), False),
        (((b"Content-Type", b"application/text/event-stream"),), False),
        (((b"Content-Type", b""),), False),
        (((b"X-Content-Type", b"text/event-stream"),), False),
        ((), False),
    ],
)
def test_events_are_looked_for_where_the_type_says_so(headers: Headers, is_stream: bool) -> None:
    stream = read_stream(build.exchange(build.arrivals((5, b"data:a\n\n")), response=build.response(headers)))
    assert stream.is_stream is is_stream
    assert len(stream.events) == is_stream


def test_without_a_response_there_is_no_stream() -> None:
    assert read_stream(build.exchange(response=None)) == Stream(is_stream=False)


@pytest.mark.parametrize(
    ("body", "unfinished"),
    [
        (b"", 0),
        (b"data:a\n\n", 0),
        (b"data:a\n\n\n\r\n", 0),
        (b"data:a\n\nd", 1),
        (b"data:a", 6),
        (b"data:a\n", 7),
        (b"data:a\n\ndata:b\n", 7),
        (b"data:a\n\n\ndata:b\n", 7),
        (b"data:a\r\n\r\n:c", 2),
        ("data:é".encode(), 7),
    ],
)
@pytest.mark.parametrize("ending", [Ending.CLEAN, Ending.TRUNCATED, None])
def test_the_bytes_of_a_last_block_without_its_blank_line_are_counted(
    body: bytes, unfinished: int, ending: Ending | None
) -> None:
    came = build.arrivals((1, body)) if body else ()
    assert read_stream(build.exchange(came, ending=ending)).unfinished == unfinished
    assert read_stream(build.exchange(build.bytewise(body), ending=ending)).unfinished == unfinished


def coded(coding: bytes, *came: tuple[int, bytes], ending: Ending | None = Ending.CLEAN) -> Exchange:
    headers = (*build.EVENT_STREAM, (b"Content-Encoding", coding))
    return build.exchange(build.arrivals(*came), response=build.response(headers), ending=ending)


def test_a_coded_body_is_decoded_and_keeps_its_times() -> None:
    pack = zlib.compressobj(wbits=31)
    first = pack.compress(b"data:a\n\ndata:") + pack.flush(zlib.Z_SYNC_FLUSH)
    last = pack.compress(b"b\n\n:x") + pack.flush()
    for coding in (b"gzip", b"GZIP", b" x-gzip ", b"identity, gzip"):
        exchange = coded(coding, (5, first[:4]), (6, first[4:]), (9, last))
        assert seen(exchange) == [(6, "a"), (9, "b")]
        # Counted in plain bytes: offsets in a coded body mean nothing.
        assert read_stream(exchange).unfinished == 2
        assert read_stream(exchange).problem == ""


def test_several_fields_of_content_encoding_are_one_list() -> None:
    headers = (*build.EVENT_STREAM, (b"Content-Encoding", b"deflate"), (b"content-encoding", b"gzip"))
    body = gzip.compress(zlib.compress(b"data:a\n\n"))
    assert seen(build.exchange(build.arrivals((5, body)), response=build.response(headers))) == [(5, "a")]


def test_a_coding_that_is_not_known_is_a_problem_and_no_event() -> None:
    stream = read_stream(coded(b"rot13", (5, b"data:a\n\n")))
    assert stream == Stream(is_stream=True, problem="can't decode Content-Encoding rot13")


def test_what_could_be_decoded_before_the_damage_is_kept() -> None:
    pack = zlib.compressobj(wbits=31)
    good = pack.compress(b"data:a\n\ndata:b") + pack.flush(zlib.Z_SYNC_FLUSH)
    exchange = coded(b"gzip", (5, good), (9, b"\xff" * 20), (10, b"data:c\n\n"))
    assert seen(exchange) == [(5, "a")]
    stream = read_stream(exchange)
    assert stream.problem.startswith("the body is not gzip as its head says (")
    assert stream.unfinished == 6


@pytest.mark.parametrize(
    ("ending", "problem"),
    [
        (Ending.CLEAN, "the gzip body ends too early"),
        (Ending.EOF_UNFRAMED, "the gzip body ends too early"),
        # That these were cut is known already.
        (Ending.TRUNCATED, ""),
        (Ending.UPSTREAM_RESET, ""),
        (Ending.CLIENT_LEFT, ""),
        (Ending.LOSSY, ""),
        (None, ""),
    ],
)
def test_a_coded_body_that_ends_too_early_is_a_problem_only_where_it_should_be_whole(
    ending: Ending | None, problem: str
) -> None:
    assert (
        read_stream(coded(b"gzip", (5, gzip.compress(b"data:a\n\n")[:-1]), ending=ending)).problem == problem
    )


reads = st.lists(
    st.builds(
        Arrival,
        st.integers(0, 9),
        st.lists(st.sampled_from([b"data:a", b"\n", b"\r", b"\n\n", b":c", b"\xff"]), min_size=1).map(
            b"".join
        ),
    ),
    max_size=8,
)


@settings(deadline=None, derandomize=True)
@given(reads)
def test_the_events_are_those_of_the_whole_body(came: list[Arrival]) -> None:
    exchange = build.exchange(came)
    assert [timed.event for timed in read_stream(exchange).events] == EventStreamParser().feed(exchange.body)
