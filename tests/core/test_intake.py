"""A client's bytes cut into requests: the same ones however the bytes come, and refusals alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Headers
from sseproxy.http1 import HEAD_LIMIT, Intake, RefusedError

Taken = list[tuple[bytes, bytes]]


def take(pieces: Iterable[bytes]) -> tuple[Taken, Intake]:
    """The heads and bodies that are taken, as soon as they can be, while the pieces come."""
    intake = Intake()
    taken: Taken = []
    for piece in pieces:
        intake.feed(piece)
        while True:
            if intake.body_is_due:
                head, body = taken[-1]
                taken[-1] = head, body + intake.take_body()
                if intake.body_is_due:
                    break
            if (found := intake.take_head()) is None:
                break
            taken.append((found, b""))
            if b"\r\nTransfer-Encoding: chunked\r\n" in found:
                intake.expect_body(None)
            elif length := re.search(rb"\r\nContent-Length: (\d+)\r\n", found):
                intake.expect_body(int(length[1]))
    return taken, intake


def status(pieces: Iterable[bytes]) -> int | None:
    """With which status the pieces are refused; None where they are not."""
    try:
        take(pieces)
    except RefusedError as error:
        return error.status
    return None


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def split(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in pieces that begin at these places; some may be empty."""
    places = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
NO_FIELDS = b"FROB * HTTP/1.0\r\n\r\n"


def post(body: bytes) -> bytes:
    return b"POST /caf\xe9 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)


CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = {
    "none": b"0\r\n\r\n",
    "one": b"3\r\nask\r\n0\r\n\r\n",
    "that hold an end": b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "that hold a request": b"%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET),
    "in capital hex with zeros": b"00A\r\n0123456789\r\n000\r\n\r\n",
    "with extensions": b'3;a=b;c="0"\r\nask\r\n0;last\r\n\r\n',
    "with trailers": b"3\r\nask\r\n0\r\nA: 0\r\nB: 1\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_chunks_end_where_they_end_at_any_split(chunks: bytes) -> None:
    data = CHUNKED + chunks + b"\r\n" + NO_FIELDS + CHUNKED + chunks + GET
    expected = [(CHUNKED, chunks), (NO_FIELDS, b""), (CHUNKED, chunks), (GET, b"")]
    assert take(bytewise(data))[0] == expected
    for at in range(len(data) + 1):
        assert take([data[:at], data[at:]])[0] == expected, at


TRAILERS: dict[bytes, Headers | None] = {
    b"": (),
    b"A: 0\r\nb:1\r\n": ((b"A", b"0"), (b"b", b"1")),
    b"A: 0\r\na: \t 0\t\r\nA:\r\n": ((b"A", b"0"), (b"a", b"0"), (b"A", b"")),
    b"X: a b: \xff\tc\r\n": ((b"X", b"a b: \xff\tc"),),
    b"A\r\n": None,
    b": 1\r\n": None,
    b"A : 1\r\n": None,
    b"A: 1\r\n 2\r\n": None,
    b"A: 1\n": None,
    b"A: 1\r\r\n": None,
    b"A: \0\r\n": None,
    b"A: %b\r\n" % (b"x" * HEAD_LIMIT): None,
    b"A: 1\r\n" * (HEAD_LIMIT // 6 + 1): None,
}


@pytest.mark.parametrize(("fields", "expected"), TRAILERS.items(), ids=lambda given: repr(given)[:30])
def test_trailers_are_read_where_they_are_fields_and_refused_where_not(
    fields: bytes, expected: Headers | None
) -> None:
    data = CHUNKED + b"3\r\nask\r\n0\r\n" + fields + b"\r\n"
    places = range(0, len(data) + 1, max(1, len(data) // 100))
    for pieces in [[data], bytewise(data), *(split(data, [at]) for at in places)]:
        if expected is None:
            assert status(pieces) == 400
        else:
            assert take(pieces)[1].trailers == expected


def test_trailers_are_those_of_the_latest_body() -> None:
    chunks = b"0\r\nA: 0\r\n\r\n"
    assert take([CHUNKED + chunks])[1].trailers == ((b"A", b"0"),)
    assert take([CHUNKED + chunks + post(b"ask")])[1].trailers == ()


@pytest.mark.parametrize("sends", [b"zz\r\n", b"-1\r\n", b"\r\n", b"3\r\nask\r\n\r\n", b"x" * 2 * HEAD_LIMIT])
def test_behind_a_chunk_that_is_none_nothing_is_a_request(sends: bytes) -> None:
    """It is for the parser to refuse it."""
    assert take([CHUNKED, sends + GET, GET])[0] == [(CHUNKED, sends + GET + GET)]


REQUESTS: dict[str, tuple[bytes, Taken]] = {
    "nothing": (b"", []),
    "empty lines alone": (b"\r\n\r\n\r\n", []),
    "one": (GET, [(GET, b"")]),
    "one without fields": (NO_FIELDS, [(NO_FIELDS, b"")]),
    "two": (GET + NO_FIELDS, [(GET, b""), (NO_FIELDS, b"")]),
    "an empty line before": (b"\r\n" + GET, [(GET, b"")]),
    "empty lines between": (GET + b"\r\n\r\n" + GET, [(GET, b""), (GET, b"")]),
    "a body": (post(b"ask") + b"ask", [(post(b"ask"), b"ask")]),
    "an empty line behind a body": (
        post(b"ask") + b"ask\r\n" + GET,
        [(post(b"ask"), b"ask"), (GET, b"")],
    ),
    "a body of no bytes": (post(b"") + GET, [(post(b""), b""), (GET, b"")]),
    "a body that is a request": (post(GET) + GET + GET, [(post(GET), GET), (GET, b"")]),
    "a body of line ends": (
        post(b"\r\n\r\n") + b"\r\n\r\n" + GET,
        [(post(b"\r\n\r\n"), b"\r\n\r\n"), (GET, b"")],
    ),
    "a body that is garbage": (post(b"\0\n\r") + b"\0\n\r" + GET, [(post(b"\0\n\r"), b"\0\n\r"), (GET, b"")]),
    "half a head behind": (GET + GET[:-2], [(GET, b"")]),
    "half a body": (post(b"ask") + b"as", [(post(b"ask"), b"as")]),
}


@pytest.mark.parametrize(("data", "expected"), REQUESTS.values(), ids=REQUESTS.keys())
def test_requests_are_cut_apart_the_same_at_any_split(data: bytes, expected: Taken) -> None:
    assert take([data])[0] == expected
    assert take(bytewise(data))[0] == expected
    for at in range(len(data) + 1):
        assert take([data[:at], data[at:]])[0] == expected, at


names = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}", fullmatch=True)
targets = st.from_regex(rb"/[\x21-\x7e\x80-\xff]{0,8}", fullmatch=True)
values = st.from_regex(rb"[\x20-\x7e\x80-\xff\t]{0,8}", fullmatch=True)
bodies = st.binary(max_size=20) | st.sampled_from([b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\n", b"\r"])


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A well-formed head, and its body."""
    body = draw(st.just(b"") | bodies)
    fields = draw(st.lists(st.tuples(st.just(b"X-") | st.just(b"Y"), names, values), max_size=3))
    lines = [b"%b%b:%b\r\n" % field for field in fields]
    if body or draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), b"Content-Length: %d\r\n" % len(body))
    elif draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), b"Transfer-Encoding: chunked\r\n")
        pieces = [b"%x\r\n%b\r\n" % (len(each), each) for each in draw(st.lists(bodies, max_size=3)) if each]
        body = b"".join([*pieces, draw(st.sampled_from([b"0\r\n\r\n", b"00;x\r\nA: b\r\n\r\n"]))])
    line = b"%b %b HTTP/1.%d\r\n" % (draw(names), draw(targets), draw(st.integers(0, 1)))
    return line + b"".join(lines) + b"\r\n", body


@settings(deadline=None, derandomize=True, max_examples=250)
@given(
    sent=st.lists(st.tuples(requests(), st.integers(0, 2)), max_size=4),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_any_well_formed_requests_are_taken_as_sent_at_any_splits(
    sent: list[tuple[tuple[bytes, bytes], int]], places: list[int]
) -> None:
    data = b"".join(head + body + empty * b"\r\n" for (head, body), empty in sent)
    expected = [request for request, _ in sent]
    for pieces in ([data], split(data, places), bytewise(data)):
        taken, intake = take(pieces)
        assert taken == expected
        assert not intake.body_is_due
        assert intake.take_all() == b""


REFUSED = {
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/0.9 ended by LF": b"GET /\n",
    "words": b"hello world\r\n\r\n",
    "a version of two digits": b"GET / HTTP/1.10\r\nHost: a\r\n\r\n",
    "space behind the version": b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "an answer": b"HTTP/1.1 200 OK\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00",
    "a space first": b" " + GET,
    "a NUL first": b"\0" + GET,
    "a byte above ASCII first": b"\xff" + GET,
    "DEL first": b"\x7f" + GET,
    "garbage behind an empty line": b"\r\n\x16",
    "garbage behind a request": GET + b"\x16",
    "garbage behind a body": post(b"ask") + b"ask" + b"\x16",
    "NUL in the target": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "DEL in the target": b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in the target": b"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n",
    "CR in the target": b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
    "LF behind the request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "LF for all line ends": b"GET / HTTP/1.1\nHost: a\n\n",
    "LF behind a field": b"GET / HTTP/1.1\r\nX: a\nHost: a\r\n\r\n",
    "LF for the last line end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "CR behind the request line": b"GET / HTTP/1.1\rHost: a\r\n\r\n",
    "CR in a value": b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
    "CR before a line end": b"GET / HTTP/1.1\r\nX: a\r\r\n\r\n",
    "CR for the empty line": b"GET / HTTP/1.1\r\nX: a\r\n\rHost: a\r\n\r\n",
    "LF and CR": b"GET / HTTP/1.1\r\nX: a\n\r\n\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_request_is_refused_at_any_split(data: bytes) -> None:
    assert status([data]) == 400
    assert status(bytewise(data)) == 400
    for at in range(len(data) + 1):
        assert status([data[:at], data[at:]]) == 400, at


def test_no_part_of_a_good_request_is_refused_before_the_rest_has_come() -> None:
    """A CR at the end of a read is half a line end."""
    data = b"\r\n" + GET + post(b"\r") + b"\r" + GET
    for at in range(len(data) + 1):
        assert status([data[:at]]) is None, at


def of_size(size: int) -> bytes:
    """A head of this many bytes."""
    begin, end = b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\n\r\n"
    return begin + b"x" * (size - len(begin) - len(end)) + end


def long_line(size: int) -> bytes:
    begin, end = b"GET /", b" HTTP/1.1\r\n\r\n"
    return begin + b"x" * (size - len(begin) - len(end)) + end


CUTS = [
    1,
    5,
    30,
    1000,
    HEAD_LIMIT - 4,
    HEAD_LIMIT - 3,
    HEAD_LIMIT - 2,
    HEAD_LIMIT - 1,
    HEAD_LIMIT,
    HEAD_LIMIT + 1,
]
every_making = pytest.mark.parametrize("make", [of_size, long_line], ids=["a long field", "a long target"])


@every_making
@pytest.mark.parametrize("behind", [b"", GET, post(b"x" * HEAD_LIMIT) + b"x" * HEAD_LIMIT], ids=len)
def test_a_head_of_the_limit_is_taken_at_any_split(make: Callable[[int], bytes], behind: bytes) -> None:
    head = make(HEAD_LIMIT)
    assert len(head) == HEAD_LIMIT
    for pieces in (
        [[head + behind]] + [split(head + behind, [at]) for at in CUTS] + [split(head + behind, CUTS)]
    ):
        taken, _ = take(pieces)
        assert taken[0] == (head, b"")
        assert len(taken) == (2 if behind else 1)


@every_making
@pytest.mark.parametrize("over", [1, 2, 3, 4, 5, 1000])
def test_a_head_over_the_limit_is_refused_at_any_split(make: Callable[[int], bytes], over: int) -> None:
    head = make(HEAD_LIMIT + over)
    for at in [0, *CUTS]:
        assert status(split(head, [at])) == 431, at
    assert status(split(head, CUTS)) == 431
    assert status(split(head, range(0, len(head), 777))) == 431


def test_an_endless_head_is_refused_before_it_ends() -> None:
    assert status([GET, of_size(2 * HEAD_LIMIT)[:HEAD_LIMIT]]) is None
    assert status([GET, of_size(2 * HEAD_LIMIT)[: HEAD_LIMIT + 1]]) == 431


def test_a_body_over_the_limit_is_no_head() -> None:
    body = b"\n" * (3 * HEAD_LIMIT)
    assert take([post(body) + body + GET])[0] == [(post(body), body), (GET, b"")]


def test_all_that_waits_can_be_taken_and_leaves_a_fresh_start() -> None:
    _, intake = take([GET + GET[:-1]])
    assert intake.size == len(GET) - 1
    assert intake.take_all() == GET[:-1]
    assert intake.size == 0
    intake.feed(GET)
    assert intake.take_head() == GET
