"""What is written is read back, whatever it is, and every line is as the schema says."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.cassette.decode import decode, parse
from sseproxy.cassette.encode import data, head, request, response
from sseproxy.exchange import Exchange
from tests.core import build

from .schema import complaints
from .strategies import cassette, exchanges, records, thorough


@thorough
@given(exchanges())
def test_any_exchange_is_read_back_as_it_was(exchange: Exchange) -> None:
    assert decode(cassette(exchange)) == exchange


@thorough
@given(exchanges())
def test_every_line_is_valid_against_the_schema(exchange: Exchange) -> None:
    assert complaints(cassette(exchange)) == []


@thorough
@given(exchanges(), st.lists(st.integers(0, 40), max_size=4).map(tuple))
def test_a_request_body_is_joined_from_its_parts(exchange: Exchange, cuts: tuple[int, ...]) -> None:
    lines = b"".join(records(exchange, cuts))
    assert decode(lines) == exchange
    assert complaints(lines) == []


@thorough
@given(exchanges())
def test_every_record_is_whole_lines_that_end_with_lf_and_hold_no_cr(exchange: Exchange) -> None:
    # A checkout that turned line ends about would change nothing but them.
    for record in records(exchange):
        assert record.endswith(b"\n")
        assert b"\r" not in record


@thorough
@given(exchanges())
def test_text_stands_in_the_file_as_itself(exchange: Exchange) -> None:
    # A person reads it in a review: no escapes beyond those that JSON demands.
    for line in cassette(exchange).splitlines(keepends=True):
        assert orjson.dumps(orjson.loads(line), option=orjson.OPT_APPEND_NEWLINE) == line


@thorough
@given(exchanges())
def test_the_same_exchange_gives_the_same_bytes(exchange: Exchange) -> None:
    assert cassette(decode(cassette(exchange))) == cassette(exchange)


@thorough
@given(exchanges())
def test_a_recorder_that_died_between_two_records_leaves_all_before(exchange: Exchange) -> None:
    lines = records(exchange)
    read = decode(b"".join(lines[:-1]) or lines[0], part=True)
    assert read.head == exchange.head
    assert read.arrivals == exchange.arrivals[: len(read.arrivals)]
    assert len(read.arrivals) >= len(exchange.arrivals) - 1
    assert read.end is None


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        (
            head(build.head()),
            ["k", "format", "version", "id", "by", "wall", "session", "session_t", "upstream"],
        ),
        (
            request(build.request(), ["headers.authorization"]),
            ["k", "t", "method", "target", "version", "headers", "body", "redacted"],
        ),
        (
            response(build.response(), ["headers.set-cookie"]),
            ["k", "t", "status", "reason", "version", "headers", "framing", "redacted"],
        ),
        (data(1, b"a\n\nb").splitlines()[0], ["k", "t", "text", "more"]),
        (data(1, b"a\r\rb").splitlines()[0], ["k", "t", "text", "more"]),
        (data(1, b"\xff").splitlines()[0], ["k", "t", "b64"]),
    ],
    ids=["head", "request", "response", "data", "data with CR", "binary data"],
)
def test_the_keys_of_a_record_stand_in_one_order(line: bytes, keys: list[str]) -> None:
    assert list(orjson.loads(line)) == keys


def test_what_was_masked_is_named_only_where_something_was() -> None:
    [first] = parse(request(build.request(), ["target.key", "headers.cookie"]))
    [second] = parse(request(build.request()))
    assert first["redacted"] == ["target.key", "headers.cookie"]
    assert "redacted" not in second
