"""A library on disk: what is read of it when, and what of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sseproxy.cassette import encode
from sseproxy.cassette.decode import decode_request
from sseproxy.cassette.library import Library
from sseproxy.cassette.pack import pack
from sseproxy.cassette.store import find, load, load_request
from sseproxy.errors import CassetteError
from sseproxy.exchange import End, Ending, Exchange, Head, Request
from sseproxy.matching import Loaded
from tests.cli.builder import encoded, save, stream

WHOLE = stream()
assert WHOLE.request
LENGTH = (b"Content-Length", b"%d" % len(WHOLE.request.body))
ASKED = replace(WHOLE, request=replace(WHOLE.request, headers=(*WHOLE.request.headers, LENGTH)))


def lines_taken(data: bytes) -> int:
    """How many lines are read for the request."""
    taken = []
    lines = (taken.append(line) or line for line in data.splitlines(keepends=True))  # type: ignore[func-returns-value]
    decode_request(lines)
    return len(taken)


def test_no_more_is_read_than_the_request_needs() -> None:
    data = encoded(ASKED)
    assert lines_taken(data) == 2
    assert decode_request(data.splitlines(keepends=True)) == (ASKED.head, ASKED.request)


def test_a_packed_cassette_is_read_as_far_as_well(tmp_path: Path) -> None:
    packed = pack(save(tmp_path, ASKED))
    assert load_request(packed) == (ASKED.head, ASKED.request)
    assert Library(find([tmp_path])).exchange(0) == ASKED
    packed.write_bytes(packed.read_bytes()[:20])
    with pytest.raises(CassetteError, match=r"a?\.sse\.jsonl\.zst: can't be unpacked: "):
        load_request(packed)


@pytest.mark.parametrize(
    ("exchange", "is_answered"),
    [
        (ASKED, True),
        (replace(ASKED, end=End(9, Ending.UPSTREAM_RESET, 0)), True),
        (replace(ASKED, end=End(9, Ending.PROXY_STOPPED, 0)), False),
        (replace(ASKED, response=None, arrivals=(), end=End(9, Ending.CONNECT_FAILED, 0)), False),
    ],
    ids=["whole", "broken", "stopped", "nobody there"],
)
def test_what_an_upstream_answered(exchange: Exchange, is_answered: bool, tmp_path: Path) -> None:
    library = Library([save(tmp_path, exchange)])
    assert library.is_answered(0) == Loaded([exchange]).is_answered(0) == is_answered


def test_what_can_not_be_read_is_left_to_its_reader(tmp_path: Path) -> None:
    assert Library([tmp_path / "gone.sse.jsonl"]).is_answered(0)


def test_where_more_of_the_body_may_follow_all_is_read() -> None:
    assert ASKED.request
    part = replace(ASKED.request, body=ASKED.request.body[:10])
    response = ASKED.response
    assert response
    data = b"".join(
        [
            encode.head(ASKED.head),
            encode.request(part),
            encode.response(response),
            encode.upload(1, ASKED.request.body[10:]),
            encode.upload_end(1, len(ASKED.request.body), complete=True),
        ]
    )
    _, request = decode_request(data.splitlines(keepends=True))
    assert request == ASKED.request
    chunked = replace(ASKED.request, headers=((b"Transfer-Encoding", b"chunked"),))
    assert lines_taken(encoded(replace(ASKED, request=chunked))) == 7
    # Spelled by another program.
    assert lines_taken(encoded(ASKED).replace(b'{"k":"request",', b'{ "k": "request", ')) == 2


def _first_of(exchange: Exchange) -> tuple[Head, Request | None]:
    return exchange.head, exchange.request


def outcome(read: Callable[[], tuple[Head, Request | None]]) -> object:
    """What is read, or the sentence that says why it can't be."""
    try:
        return read()
    except CassetteError as error:
        return str(error)


@pytest.mark.parametrize("keep", range(0, len(encoded(ASKED)), 7))
def test_the_request_is_what_the_whole_cassette_says(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.jsonl.part"
    path.write_bytes(encoded(ASKED)[:keep])
    assert outcome(lambda: load_request(path)) == outcome(lambda: _first_of(load(path)))


def test_what_is_wrong_behind_the_request_is_found_when_it_is_played(tmp_path: Path) -> None:
    path = save(tmp_path, ASKED)
    path.write_bytes(path.read_bytes().replace(b'"framing":"chunked"', b'"framing":"odd"'))
    cassettes = Library([path])
    assert [number for number, _, _ in cassettes.requests()] == [0]
    with pytest.raises(CassetteError, match=r":3: `response` record: "):
        cassettes.exchange(0)


def test_what_can_not_be_read_is_told_or_raised(tmp_path: Path) -> None:
    good = save(tmp_path, ASKED, "b.sse.jsonl")
    (tmp_path / "a.sse.jsonl").write_text("{}\n")
    (tmp_path / "c.sse.jsonl.part").write_text("")
    errors: list[CassetteError] = []
    told = Library(find([tmp_path]), errors.append)
    assert [told.name(number) for number, _, _ in told.requests()] == [str(good)]
    assert len(errors) == 1
    with pytest.raises(CassetteError, match=r"a\.sse\.jsonl:1: "):
        list(Library(find([tmp_path])).requests())


def test_a_cassette_that_has_changed_since_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path, ASKED)
    cassettes = Library([path])
    assert cassettes.request(0) == ASKED.request
    path.write_bytes(encode.head(ASKED.head))
    with pytest.raises(CassetteError, match="the request is gone"):
        cassettes.request(0)
    path.unlink()
    with pytest.raises(CassetteError, match="can't be read: No such file"):
        cassettes.request(0)
