"""A cassette that can't be read says which line is wrong and why, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.cassette.decode import decode
from sseproxy.errors import CassetteError, NoHeadYetError

from .bad_records import BAD_HEADS, BAD_RECORDS, REASONS, Bad
from .lines import (
    DATA,
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
    without,
)

NO_HEAD = "not a cassette: the first line is no head of format 'sse-cassette'"
NO_RECORD = "each line should be a JSON object with a string `k`"


def error(data: bytes, *, part: bool = False) -> str:
    with pytest.raises(CassetteError) as caught:
        decode(data, part=part)
    assert caught.value.path is None
    assert not isinstance(caught.value, NoHeadYetError)
    return str(caught.value)


@pytest.mark.parametrize("bad", BAD_HEADS, ids=lambda bad: bad.name)
def test_a_bad_head_is_refused(bad: Bad) -> None:
    assert error(lines(bad.record, REQUEST)) == f"line 1: {bad.problem}"


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=lambda bad: bad.name)
def test_a_bad_record_is_refused(bad: Bad) -> None:
    before = {"request": (HEAD,), "response": (HEAD, REQUEST)}.get(bad.record["k"], (HEAD, REQUEST, RESPONSE))
    problem = f"line {len(before) + 1}: {bad.problem}"
    assert error(lines(*before, bad.record)) == problem
    # Not the newline makes it a record but that it is whole; the same holds for a recording under way.
    assert error(lines(*before, bad.record)[:-1]) == problem
    assert error(lines(*before, bad.record), part=True) == problem


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        pytest.param(but(HEAD, k="data"), NO_HEAD, id="no head"),
        pytest.param(REQUEST, NO_HEAD, id="the head is missing"),
        pytest.param(but(HEAD, format="har"), NO_HEAD, id="another format"),
        pytest.param(without(HEAD, "format"), NO_HEAD, id="no format"),
        pytest.param({"k": "log", "version": "1.2"}, NO_HEAD, id="JSON lines of something else"),
        *(
            pytest.param(
                but(HEAD, version=version), f"`version` should be a whole number from 1, not {shown}"
            )
            for version, shown in (
                (0, "0"),
                (-1, "-1"),
                ("1", "'1'"),
                (1.5, "1.5"),
                (1.0, "1.0"),
                (True, "True"),
                (None, "None"),
                ([1], "[1]"),
            )
        ),
        pytest.param(
            without(HEAD, "version"), "`version` should be a whole number from 1, not None", id="no version"
        ),
        pytest.param(
            but(HEAD, version=2),
            "written in format version 2, this sseproxy reads up to 1: upgrade it",
            id="the next version",
        ),
        pytest.param(
            {"k": "head", "format": "sse-cassette", "version": 99},
            "written in format version 99, this sseproxy reads up to 1: upgrade it",
            id="a version whose head has other fields",
        ),
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_a_head_that_is_not_ours_is_refused(head: Record, problem: str, part: bool) -> None:
    assert error(lines(head, REQUEST, END), part=part) == f"line 1: {problem}"


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        pytest.param(
            (HEAD, HEAD), "line 2: a `head` record may stand only once, in the first line", id="two heads"
        ),
        pytest.param(
            (HEAD, REQUEST, REQUEST), "line 3: a `request` record may stand only once", id="requests"
        ),
        pytest.param(
            (HEAD, REQUEST, RESPONSE, DATA, RESPONSE),
            "line 5: a `response` record may stand only once",
            id="two responses",
        ),
        pytest.param(
            (HEAD, REQUEST, DATA), "line 3: a `data` record stands before the `response`", id="early"
        ),
        *(
            pytest.param(
                (*WHOLE, record),
                f"line 6: a `{record['k']}` record stands after the `end`",
                id=f"{record['k']} after the end",
            )
            for record in (HEAD, REQUEST, RESPONSE, UPLOAD, UPLOAD_END, DATA, NOTE, END)
        ),
    ],
)
def test_records_in_an_impossible_order_are_refused(records: tuple[Record, ...], problem: str) -> None:
    assert error(lines(*records)) == problem


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="an empty line"),
        pytest.param(b"   ", id="white space"),
        pytest.param(b"k: head", id="not JSON"),
        pytest.param(b'{"k":"data","t":1,"text":"a"', id="torn"),
        pytest.param(b'{"k":"data","t":1,"text":"a"}{"k":"end"}', id="two records"),
        pytest.param(b"{'k':'note'}", id="Python and not JSON"),
        pytest.param(b'{"k":"note","t":NaN}', id="NaN"),
        pytest.param(b'\xef\xbb\xbf{"k":"note"}', id="a byte order mark"),
        pytest.param(b'{"k":"note","text":"\xff"}', id="invalid UTF-8"),
        pytest.param(b'{"k":"data","t":1,"text":"\\ud83d"}', id="a lone high surrogate"),
        pytest.param(b'{"k":"data","t":1,"text":"\\ude00"}', id="a lone low surrogate"),
        pytest.param(b'{"k":"data","t":1,"text":"\xed\xa0\xbd"}', id="a surrogate in UTF-8"),
        pytest.param(b"[" * 100_000, id="nested too deep"),
        pytest.param(b'{"k":' * 100_000 + b"1" + b"}" * 100_000, id="objects nested too deep"),
        pytest.param(b"\0" * 100, id="zeros of a disk that lost power"),
    ],
)
def test_a_line_that_is_not_json_is_refused(line: bytes) -> None:
    # The rest of the sentence is the JSON parser's.
    assert error(lines(HEAD, line, REQUEST)).startswith("line 2: not JSON: ")
    assert error(lines(line, REQUEST)).startswith("line 1: not JSON: ")
    assert error(lines(line, REQUEST), part=True).startswith("line 1: not JSON: ")


@pytest.mark.parametrize(
    "line", [b"1", b"null", b'"head"', b'["k"]', b"{}", b'{"k":1}', b'{"k":null}', b'{"K":"a"}']
)
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    assert error(lines(HEAD, line, REQUEST)) == f"line 2: {NO_RECORD}"
    assert error(lines(line)) == f"line 1: {NO_RECORD}"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lines(HEAD)[:-2], id="a torn head"),
        pytest.param(b"{", id="one byte"),
        pytest.param(b"\x1f\x8b\x08\x00\xff\xfe", id="binary"),
        pytest.param("Grüße".encode("latin-1"), id="another encoding"),
        pytest.param(lines(HEAD).decode().encode("utf-16"), id="UTF-16"),
    ],
)
def test_a_file_without_one_whole_line_is_refused(data: bytes) -> None:
    assert error(data).startswith("line 1: not JSON: ")


def test_an_empty_file_is_refused() -> None:
    assert error(b"") == "empty: a cassette has at least a head"


def test_an_unknown_reason_names_those_there_are() -> None:
    # `incomplete` is what readers call a cassette without an end: in a file it means nothing.
    assert error(lines(HEAD, but(END, reason="done"))) == (
        f"line 2: `end` record: `reason` should be one of {REASONS}, not 'done'"
    )


def test_an_end_record_can_not_say_that_there_is_none() -> None:
    assert error(lines(HEAD, but(END, reason="incomplete"))).startswith("line 2: `end` record: `reason`")


def test_the_error_names_the_file_when_it_is_known() -> None:
    with pytest.raises(CassetteError) as caught:
        decode(lines(HEAD, REQUEST, DATA))
    located = caught.value.located(Path("a/b.sse.jsonl"))
    assert str(located) == "a/b.sse.jsonl:3: a `data` record stands before the `response`"
    assert (located.path, located.line) == (Path("a/b.sse.jsonl"), 3)
