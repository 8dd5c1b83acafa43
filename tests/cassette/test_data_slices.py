"""How an arrival is laid out in lines: at blank lines, and nowhere past 64 KiB."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.cassette import encode
from sseproxy.sse import serialize

from .schema import complaints
from .strategies import LIMIT, large_reads, reads, thorough


@dataclass(frozen=True, slots=True)
class Slice:
    data: bytes
    more: bool
    is_text: bool


def slices(arrival: bytes) -> list[Slice]:
    found = []
    for line in encode.data(7, arrival).splitlines():
        record = orjson.loads(line)
        assert (record["k"], record["t"]) == ("data", 7)
        text = record.get("text")
        data = base64.b64decode(record["b64"], validate=True) if text is None else text.encode()
        found.append(Slice(data, record.get("more", False), text is not None))
    return found


any_read = reads | large_reads()


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@thorough
@given(any_read)
def test_the_slices_joined_are_the_arrival(arrival: bytes) -> None:
    found = slices(arrival)
    assert b"".join(each.data for each in found) == arrival
    assert [each.more for each in found] == [True] * (len(found) - 1) + [False]
    assert all(each.data for each in found)


@thorough
@given(any_read)
def test_no_slice_is_over_64_kib(arrival: bytes) -> None:
    assert max(len(each.data) for each in slices(arrival)) <= 65_536


@thorough
@given(any_read)
def test_a_slice_is_text_where_it_can_be(arrival: bytes) -> None:
    found = slices(arrival)
    assert [each.is_text for each in found] == [is_utf8(each.data) for each in found]
    if is_utf8(arrival):
        assert all(each.is_text for each in found)


@thorough
@given(any_read)
def test_a_slice_ends_with_a_line_or_is_full(arrival: bytes) -> None:
    for each in slices(arrival)[:-1]:
        assert each.data.endswith((b"\n", b"\r")) or len(each.data) >= LIMIT - 4


@thorough
@given(reads)
def test_every_slice_is_valid_against_the_schema(arrival: bytes) -> None:
    assert complaints(encode.data(7, arrival)) == []


A = b"a" * LIMIT
EURO = "€".encode()


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        pytest.param(A, [A], id="64 KiB are one slice"),
        pytest.param(A + b"b", [A, b"b"], id="one byte more is two"),
        pytest.param(A + A + b"b", [A, A, b"b"], id="twice as much is three"),
        pytest.param(A[1:] + EURO, [A[1:], EURO], id="not after the first byte of three"),
        pytest.param(A[2:] + EURO, [A[2:], EURO], id="not after the second byte of three"),
        pytest.param(A[3:] + EURO + b"b", [A[3:] + EURO, b"b"], id="behind a character that just fits"),
        pytest.param(A[3:] + "😀".encode(), [A[3:], "😀".encode()], id="not after the third byte of four"),
        pytest.param(A[2:] + b"\n\nb", [A[2:] + b"\n\n", b"b"], id="a blank line that just fits"),
        pytest.param(A[1:] + b"\n\nb", [A[1:] + b"\n", b"\nb"], id="a blank line over the limit"),
        pytest.param(A + b"\n\nb", [A, b"\n\n", b"b"], id="a blank line behind the limit"),
        pytest.param(b"\xff" + A, [b"\xff" + A[1:], b"a"], id="bytes that are no text"),
        pytest.param(
            b"\x80" * LIMIT + b"\x80", [b"\x80" * (LIMIT - 4), b"\x80" * 5], id="no character at all"
        ),
        pytest.param(b"a\n\n\xff\n\nb\n\n", [b"a\n\n", b"\xff\n\n", b"b\n\n"], id="one bad event of three"),
        pytest.param(b"a\n\n\nb", [b"a\n\n", b"\nb"], id="three line ends"),
        pytest.param(b"a\n\n\n\nb", [b"a\n\n", b"\n\n", b"b"], id="four line ends"),
        pytest.param(b"\n\n", [b"\n\n"], id="nothing but a blank line"),
        pytest.param(b"a\r\rb\r\r", [b"a\r\r", b"b\r\r"], id="CR CR"),
        pytest.param(b"a\n\rb", [b"a\n\r", b"b"], id="LF CR"),
        pytest.param(b"a\r\n\r\nb\r\n\r\n", [b"a\r\n\r\n", b"b\r\n\r\n"], id="CRLF CRLF"),
        pytest.param(b"a\n\r\nb", [b"a\n\r\n", b"b"], id="LF CRLF"),
        pytest.param(b"data: \\n\\n.\n\n", [b"data: \\n\\n.\n\n"], id="escaped line ends are none"),
        pytest.param(b"\\n\\nb\n\nc", [b"\\n\\nb\n\n", b"c"], id="escaped line ends before real ones"),
    ],
)
def test_where_an_arrival_is_cut(arrival: bytes, expected: list[bytes]) -> None:
    assert [each.data for each in slices(arrival)] == expected


def test_one_crlf_is_no_blank_line() -> None:
    arrival = b"event: a\r\ndata: b\r\n\r\n"
    assert [each.data for each in slices(arrival)] == [arrival]


@pytest.mark.parametrize(
    "arrival",
    [
        pytest.param(A[3:] + b"\n\n\n" + A, id="three line ends at the limit"),
        pytest.param(b"\\n\n\n" + A, id="a backslash and an n before a blank line"),
    ],
)
def test_the_limit_holds_where_a_blank_line_is_near(arrival: bytes) -> None:
    assert max(len(each.data) for each in slices(arrival)) <= LIMIT


@thorough
@given(
    events=st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.sampled_from(["token", "end", ""])),
        min_size=1,
        max_size=8,
    ),
    line_end=st.sampled_from([b"\n", b"\r"]),
)
def test_a_typical_stream_has_exactly_one_event_a_line(
    events: list[tuple[str, str]], line_end: bytes
) -> None:
    written = [
        serialize(orjson.dumps({"data": text}).decode(), event=kind).replace(b"\n", line_end)
        for text, kind in events
    ]
    assert [each.data for each in slices(b"".join(written))] == written


def test_so_has_one_with_crlf() -> None:
    written = [b"event: token\r\ndata: %d\r\n\r\n" % i for i in range(3)]
    assert [each.data for each in slices(b"".join(written))] == written
