"""What is odd and legal all the same: a torn last line, and all that a later version may add."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from sseproxy.cassette.decode import decode, decode_tail
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Arrival, End, Ending, Exchange, Note

from .lines import (
    DATA,
    EACH,
    END,
    HEAD,
    NOTE,
    REQUEST,
    RESPONSE,
    UPLOAD,
    UPLOAD_END,
    WHOLE,
    Record,
    but,
    lines,
)
from .strategies import cassette, exchanges, thorough

FIXTURE = Path(__file__).parent.parent / "fixtures" / "v1.sse.jsonl"


def assert_prefix(read: Exchange, whole: Exchange) -> None:
    """All that is there is as in the whole cassette; what is missing is missing from its end."""
    assert read.head == whole.head
    if read.request:
        assert whole.request
        assert whole.request.body.startswith(read.request.body)
        same_body = replace(whole.request, body=read.request.body, complete=read.request.complete)
        assert read.request == same_body
    assert read.response in (None, whole.response)
    assert read.notes == whole.notes[: len(read.notes)]
    if read.arrivals:
        *complete, last = read.arrivals
        assert read.request == whole.request
        assert read.response == whole.response
        assert tuple(complete) == whole.arrivals[: len(complete)]
        # Cut between two slices: what came of the arrival counts.
        assert last.t == whole.arrivals[len(complete)].t
        assert whole.arrivals[len(complete)].data.startswith(last.data)
    if read.end:
        assert read == whole


@pytest.mark.parametrize("part", [False, True])
def test_a_cassette_torn_at_any_byte_gives_what_is_before(part: bool) -> None:
    data = FIXTURE.read_bytes()
    whole = decode(data)
    head = data.index(b"\n")
    seen = set()
    for size in range(head, len(data) + 1):
        read = decode(data[:size], part=part)
        assert_prefix(read, whole)
        seen.add((read.request is None, read.response is None, len(read.arrivals), read.end is None))
    assert len(seen) == 7  # head, request, response, three arrivals, end


def test_a_torn_head_is_legal_in_a_part_alone() -> None:
    data = FIXTURE.read_bytes()
    for size in range(data.index(b"\n")):
        with pytest.raises(NoHeadYetError, match="the recorder has not written a head yet"):
            decode(data[:size], part=True)
        with pytest.raises(CassetteError) as caught:
            decode(data[:size])
        assert not isinstance(caught.value, NoHeadYetError)


@thorough
@given(exchanges())
def test_so_does_any_other_cassette(exchange: Exchange) -> None:
    data = cassette(exchange)
    head = data.index(b"\n")
    steps = max(1, (len(data) - head) // 40)
    for size in range(head, len(data), steps):
        assert_prefix(decode(data[:size]), exchange)


@pytest.mark.parametrize(
    "records", [(HEAD,), (HEAD, REQUEST), WHOLE, EACH], ids=["head", "request", "whole", "each"]
)
def test_a_missing_last_newline_changes_nothing(records: tuple[Record, ...]) -> None:
    assert decode(lines(*records)[:-1]) == decode(lines(*records))


def test_crlf_line_ends_change_nothing() -> None:
    # An editor, or a checkout on Windows.
    data = lines(*EACH)
    assert decode(data.replace(b"\n", b"\r\n")) == decode(data)


def test_white_space_and_the_order_of_keys_change_nothing() -> None:
    spaced = (
        b' { "framing" : "chunked" , "headers" : [ ] , "version":"1.1", "reason":"",'
        b'\t"status":200,"t":1,"k":"response" } '
    )
    decoded = decode(lines(HEAD, REQUEST, spaced))
    assert decoded == decode(lines(HEAD, REQUEST, but(RESPONSE, t=1, reason="", headers=[])))


@pytest.mark.parametrize(
    "value", [None, 1, "a", [1], {"a": {}}, True], ids=["null", "number", "string", "list", "object", "true"]
)
def test_unknown_keys_are_ignored_in_every_record(value: object) -> None:
    # `_line` is a name of ours for something else.
    odd = [but(record, later=value, _line=value) for record in EACH]
    assert decode(lines(*odd)) == decode(lines(*EACH))


@pytest.mark.parametrize("kind", ["", "chapter", "Data", "data ", "upload-end", "ende", "\0"])
def test_records_of_an_unknown_kind_are_ignored_anywhere_but_in_the_first_line(kind: str) -> None:
    odd: Record = {"k": kind, "t": "later", "text": 1}
    spread = [record for pair in zip(EACH, [odd] * len(EACH), strict=True) for record in pair]
    assert decode(lines(*spread)) == decode(lines(*EACH))


def test_null_is_as_good_as_absent_for_the_form_that_is_not_there() -> None:
    decoded = decode(lines(HEAD, REQUEST, RESPONSE, but(DATA, b64=None)))
    assert decoded.body == b"data: a\n\n"


@pytest.mark.parametrize("data", [b"", b"{", lines(HEAD)[:-2]])
def test_a_part_without_a_whole_head_has_no_head_yet(data: bytes) -> None:
    with pytest.raises(NoHeadYetError) as caught:
        decode(data, part=True)
    assert str(caught.value) == "the recorder has not written a head yet"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param((HEAD,), (None, (), ()), id="a head alone"),
        pytest.param((HEAD, NOTE), (None, (), (Note(250, "here", ("mark",), 0),)), id="a note before all"),
        pytest.param(
            (HEAD, REQUEST, but(END, reason="connect_failed")), ("connect_failed", (), ()), id="no answer"
        ),
        pytest.param(
            (HEAD, REQUEST, RESPONSE, but(DATA, more=True)),
            (None, ((200, b"data: a\n\n"),), ()),
            id="died between two slices",
        ),
        pytest.param(
            (HEAD, REQUEST, RESPONSE, but(DATA, more=True), but(DATA, t=900), but(DATA, t=901)),
            (None, ((200, b"data: a\n\ndata: a\n\n"), (901, b"data: a\n\n")), ()),
            id="the first slice has the time",
        ),
        pytest.param(
            (HEAD, REQUEST, RESPONSE, but(DATA, more=False), but(DATA, t=201)),
            (None, ((200, b"data: a\n\n"), (201, b"data: a\n\n")), ()),
            id="more is false",
        ),
        pytest.param(
            (HEAD, REQUEST, RESPONSE, NOTE, DATA, NOTE, but(NOTE, tags=[]), END),
            (
                "clean",
                ((200, b"data: a\n\n"),),
                (Note(250, "here", ("mark",), 0), Note(250, "here", ("mark",), 1), Note(250, "here", (), 1)),
            ),
            id="notes keep their place",
        ),
    ],
)
def test_what_is_there_is_read(
    records: tuple[Record, ...],
    expected: tuple[str | None, tuple[tuple[int, bytes], ...], tuple[Note, ...]],
) -> None:
    read = decode(lines(*records))
    ending, came, notes = expected
    assert (read.end.reason if read.end else None) == ending
    assert read.arrivals == tuple(Arrival(*each) for each in came)
    assert read.notes == notes


@pytest.mark.parametrize(
    ("records", "body", "complete"),
    [
        pytest.param((), b'{"question":"Hi"}', True, id="a body in one record"),
        pytest.param((UPLOAD,), b'{"question":"Hi"}more', False, id="the recorder died in mid-body"),
        pytest.param((UPLOAD, UPLOAD_END), b'{"question":"Hi"}more', True, id="complete later"),
        pytest.param((UPLOAD, UPLOAD, UPLOAD_END), b'{"question":"Hi"}moremore', True, id="two parts"),
        pytest.param((but(UPLOAD_END, complete=False),), b'{"question":"Hi"}', False, id="nothing more came"),
        pytest.param(
            (UPLOAD, RESPONSE, DATA, UPLOAD, UPLOAD_END),
            b'{"question":"Hi"}moremore',
            True,
            id="while answered",
        ),
    ],
)
def test_a_request_body_says_whether_it_is_complete(
    records: tuple[Record, ...], body: bytes, complete: bool
) -> None:
    request = decode(lines(HEAD, REQUEST, *records)).request
    assert request
    assert (request.body, request.complete) == (body, complete)


@pytest.mark.parametrize(
    ("changed", "end"),
    [
        ({}, End(300, Ending.CLEAN, 9)),
        ({"client": "left"}, End(300, Ending.CLEAN, 9, client_left=True)),
        ({"client": "stayed"}, End(300, Ending.CLEAN, 9)),
        ({"trailers": [], "detail": ""}, End(300, Ending.CLEAN, 9)),
        ({"trailers": [["A", "b"]]}, End(300, Ending.CLEAN, 9, trailers=((b"A", b"b"),))),
        ({"bytes": 0}, End(300, Ending.CLEAN, 0)),
    ],
)
def test_what_an_end_may_say_besides(changed: Record, end: End) -> None:
    assert decode(lines(HEAD, REQUEST, RESPONSE, DATA, but(END, **changed))).end == end


@thorough
@given(exchanges())
def test_the_last_lines_alone_give_the_last_bytes(exchange: Exchange) -> None:
    kept = cassette(exchange).splitlines(keepends=True)
    for first in range(len(kept) + 1):
        tail = decode_tail(b"".join(kept[first:]))
        assert exchange.body.endswith(tail)
    assert decode_tail(b"".join(kept)) == exchange.body


@pytest.mark.parametrize("bad", [b"{", b"", b"[]", b'{"k":"data","t":1}'])
def test_a_tail_with_a_bad_line_is_an_error(bad: bytes) -> None:
    with pytest.raises(CassetteError):
        decode_tail(lines(DATA, bad, DATA))
