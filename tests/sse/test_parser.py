"""The parser against the table of vectors, against the standard's own algorithm, and against itself."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given

from sseproxy.sse import Event, EventStreamParser

from .reference import interpret
from .strategies import split_streams, streams, thorough
from .vector import Message, Vector
from .vectors import VECTORS

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)


def parse(reads: Iterable[bytes]) -> tuple[list[Event], int | None]:
    """All that comes of these reads: the events, and where the unfinished block begins."""
    parser = EventStreamParser()
    events = [event for read in reads for event in parser.feed(read)]
    return events, parser.unfinished


def bytewise(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


def dispatched(events: Iterable[Event]) -> tuple[Message, ...]:
    return tuple(Message(event.data, event.type, event.id) for event in events if event.dispatched)


def test_the_table_is_large_and_names_each_vector_once() -> None:
    assert len(VECTORS) >= 150
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)


@each_vector
def test_a_stream_read_whole_gives_what_the_standard_says(vector: Vector) -> None:
    events, unfinished = parse([vector.stream])
    assert dispatched(events) == vector.dispatched
    assert tuple(event.retry for event in events if event.retry is not None) == vector.retries
    assert tuple(comment for event in events for comment in event.comments) == vector.comments
    assert tuple(line for event in events for line in event.ignored) == vector.ignored
    assert sum(not event.dispatched for event in events) == vector.undispatched
    assert unfinished == vector.unfinished
    if vector.spans is not None:
        assert tuple((event.start, event.stop) for event in events) == vector.spans


@each_vector
def test_a_stream_read_byte_by_byte_gives_the_same(vector: Vector) -> None:
    assert parse(bytewise(vector.stream)) == parse([vector.stream])


@each_vector
def test_a_stream_read_in_random_pieces_gives_the_same(vector: Vector) -> None:
    whole = parse([vector.stream])
    length = len(vector.stream)
    for seed in range(20):
        source = random.Random(f"{vector.name} {seed}")
        cuts = sorted(source.randint(0, length) for _ in range(source.randint(1, 8)))
        reads = [vector.stream[a:b] for a, b in pairwise([0, *cuts, length])]
        assert parse(reads) == whole, cuts


@each_vector
def test_the_reference_agrees_with_the_table(vector: Vector) -> None:
    # An oracle is worth no more than the cases it is known to get right.
    assert tuple(interpret(vector.stream)) == vector.dispatched


@thorough
@given(streams)
def test_what_is_dispatched_is_what_the_reference_dispatches(stream: bytes) -> None:
    events, _ = parse([stream])
    assert dispatched(events) == tuple(interpret(stream))


@thorough
@given(split_streams())
def test_the_reads_make_no_difference(split: tuple[bytes, list[bytes]]) -> None:
    stream, reads = split
    whole = parse([stream])
    assert parse(reads) == whole
    assert parse(bytewise(stream)) == whole


@thorough
@given(streams)
def test_an_event_comes_with_the_byte_that_completes_it(stream: bytes) -> None:
    parser = EventStreamParser()
    came = [(event.stop, i + 1) for i, byte in enumerate(bytewise(stream)) for event in parser.feed(byte)]
    assert [stop for stop, _ in came] == [fed for _, fed in came]


@thorough
@given(streams)
def test_only_line_ends_lie_between_the_spans(stream: bytes) -> None:
    events, unfinished = parse([stream])
    spans = [(event.start, event.stop) for event in events]
    assert all(start < stop for start, stop in spans)
    end = len(stream) if unfinished is None else unfinished
    gaps = [(stop, start) for (_, stop), (start, _) in pairwise([(0, 0), *spans, (end, end)])]
    assert all(stop <= start for stop, start in gaps)
    between = [stream[stop:start] for stop, start in gaps]
    # A BOM with nothing else on its line is the one thing that belongs to no block.
    between[0] = between[0].removeprefix(b"\xef\xbb\xbf")
    assert b"".join(between).strip(b"\r\n") == b""


@thorough
@given(streams)
def test_the_bytes_of_a_span_alone_give_its_event(stream: bytes) -> None:
    events, _ = parse([stream])
    last_id = ""
    for event in events:
        # What came before matters in two ways only: it set the id, and it used up the place of a BOM.
        before = f"id: {last_id}\n\n".encode() if event.start else b""
        [*_, again], unfinished = parse([before, stream[event.start : event.stop]])
        assert again._replace(start=event.start, stop=event.stop) == event
        assert again.start == len(before)
        assert unfinished is None
        last_id = event.id


def test_a_block_without_data_carries_the_id_it_commits() -> None:
    # A client that reconnects after this block asks for what follows id 1: section 9.2.4.
    [event], _ = parse([b"id:1\n\n"])
    assert (event.id, event.dispatched, event.type, event.data) == ("1", False, "message", "")


def test_retries_comments_and_ignored_lines_stay_with_their_block() -> None:
    events, _ = parse([b":c\nretry:1\nx\ndata:a\n\ndata:b\n\n:d\ndata:c\n\n"])
    assert [(event.retry, event.comments, len(event.ignored)) for event in events] == [
        (1, ("c",), 1),
        (None, (), 0),
        (None, ("d",), 0),
    ]


def test_comments_of_a_block_that_never_ends_are_in_no_event() -> None:
    events, unfinished = parse([b"data:a\n\n:c\nx\n"])
    assert [(event.comments, event.ignored) for event in events] == [((), ())]
    assert unfinished == 8


def test_an_empty_read_between_cr_and_lf_changes_nothing() -> None:
    assert parse([b"data:a\r", b"", b"\n", b"", b"\r", b"", b"\n"]) == parse([b"data:a\r\n\r\n"])


def test_an_empty_read_gives_nothing() -> None:
    assert parse([b"", b""]) == ([], None)


def test_two_parsers_share_nothing() -> None:
    one, other = EventStreamParser(), EventStreamParser()
    one.feed(b"id:1\nevent:t\ndata:a\n")
    [event] = other.feed(b"data:b\n\n")
    assert (event.id, event.type, event.data) == ("", "message", "b")
    assert other.unfinished is None


def test_unfinished_follows_the_open_block() -> None:
    parser = EventStreamParser()
    reads = (b"\n\r", b"\n", b"d", b"ata:a", b"\r", b"\n", b"\r", b"\n", b"\n", b":", b"\n", b"\n")
    seen = [parser.unfinished]
    for read in reads:
        parser.feed(read)
        seen.append(parser.unfinished)
    assert seen == [None, None, None, 3, 3, 3, 3, None, None, None, 14, 14, None]


# Linearity without a stopwatch. A parser that copied all that is pending for each read or line would copy
# over a terabyte for the short lines, and again for the short reads below, and take about a hundred times
# as long as a linear one. This limit lies in between, far from both; to come back right is enough.
linear = pytest.mark.timeout(30)


@linear
@pytest.mark.parametrize("width", [994, 10], ids=["long lines", "short lines"])
def test_an_event_of_8_mib_in_reads_of_1_kib_is_linear(width: int) -> None:
    value = "a" * width
    count = 2**23 // (width + 6) + 1
    stream = f"data:{value}\n".encode() * count + b"\n"
    [event], unfinished = parse(stream[i : i + 1024] for i in range(0, len(stream), 1024))
    assert event.data == "\n".join([value] * count)
    assert (event.start, event.stop, unfinished) == (0, len(stream), None)


@linear
@pytest.mark.parametrize("size", [2**16, 64], ids=["reads of 64 KiB", "reads of 64 bytes"])
def test_a_line_of_16_mib_is_linear(size: int) -> None:
    value = "a" * 2**24
    stream = f"data:{value}\n\n".encode()
    [event], unfinished = parse(stream[i : i + size] for i in range(0, len(stream), size))
    assert event.data == value
    assert (event.start, event.stop, unfinished) == (0, len(stream), None)


@linear
def test_a_line_of_1_mib_a_byte_at_a_time_is_linear() -> None:
    value = "a" * 2**20
    [event], unfinished = parse(bytewise(f"data:{value}\n\n".encode()))
    assert event.data == value
    assert (event.start, event.stop, unfinished) == (0, 2**20 + 7, None)


@linear
def test_a_mib_of_events_a_byte_at_a_time_is_linear() -> None:
    one = b"id:1\ndata:a\n\r\n\n"
    count = 2**20 // len(one) + 1
    events, unfinished = parse(bytewise(one * count))
    assert dispatched(events) == (Message("a", id="1"),) * count
    assert [event.start for event in events] == [i * len(one) for i in range(count)]
    assert unfinished is None
