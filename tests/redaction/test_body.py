"""A response's body: arrivals keep their times and bounds though a part of one is held; compressed bodies."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest

from sseproxy.coding import CodingError, decoder
from sseproxy.exchange import Headers
from sseproxy.redaction import Masker, Piece, Rules
from sseproxy.redaction.body import INFLATE_LIMIT
from sseproxy.redaction.paths import compile_path
from tests.redaction.keys import KEYS

STREAM: Headers = ((b"Content-Type", b"text/event-stream"),)
PLAIN: Headers = ((b"Content-Type", b"text/plain"),)
KEY = KEYS[0]


def told(pieces: list[Piece]) -> list[tuple[int, bytes, bool]]:
    return [(piece.t, piece.data, piece.more) for piece in pieces]


def test_what_is_not_held_is_given_at_once() -> None:
    masker = Masker(STREAM, Rules())
    assert told(masker.feed(5, b"data: a\n\n")) == [(5, b"data: a\n\n", False)]
    assert told(masker.feed(6, b"data: b")) == [(6, b"data: b", False)]
    assert masker.held_since is None
    assert masker.finish() == []
    assert not masker.unfinished


def test_the_rest_of_an_arrival_comes_with_its_own_time() -> None:
    masker = Masker(STREAM, Rules())
    first, second = KEY.secret[:10], KEY.secret[10:]
    assert told(masker.feed(5, b"data: sk-" + first)) == [(5, b"data: sk-", True)]
    assert (masker.held, masker.held_since) == (10, 5)
    assert told(masker.feed(9, second + b" x\n\n")) == [
        (5, b"[redacted]", False),
        (9, b"*" * len(second) + b" x\n\n", False),
    ]
    assert masker.held_since is None


def test_what_was_no_secret_is_given_as_it_came() -> None:
    masker = Masker(STREAM, Rules())
    assert told(masker.feed(5, b"data: sk-lea")) == [(5, b"data: sk-", True)]
    assert told(masker.feed(7, b"rn")) == []
    assert told(masker.feed(9, b"ing\n\n")) == [(5, b"lea", False), (7, b"rn", False), (9, b"ing\n\n", False)]


def test_what_is_held_at_the_end_was_no_secret() -> None:
    masker = Masker(PLAIN, Rules())
    masker.feed(5, b"sk-lear")
    assert told(masker.finish()) == [(5, b"lear", False)]


def test_what_nobody_decides_is_masked() -> None:
    masker = Masker(PLAIN, Rules())
    masker.feed(5, b"a sk-lear")
    (piece,) = masker.flush()
    assert (piece.t, piece.data, piece.more) == (5, b"[red", False)
    assert [mark.name for mark in piece.marks] == ["sk-key"]
    assert masker.flush() == []
    assert told(masker.feed(9, b"ning x")) == [(9, b"ning x", False)]


def test_marks_say_where_in_a_piece() -> None:
    masker = Masker(STREAM, Rules())
    (piece,) = masker.feed(1, b'data: {"password":"hunter2"}\n\ndata: ' + KEY.whole + b"\n\n")
    masked = [piece.data[mark.start : mark.stop] for mark in piece.marks]
    assert masked == [b"[redact", b"[redacted]".ljust(len(KEY.secret), b"*")]
    assert [mark.name for mark in piece.marks] == ["body.password", "sk-key"]


Compress = Callable[[bytes], bytes]

CODINGS: dict[str, tuple[bytes, Compress]] = {
    "gzip": (b"gzip", gzip.compress),
    "x-gzip": (b"X-GZIP", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "br": (b"br", brotli.compress),
    "two": (b"gzip, br", lambda data: brotli.compress(gzip.compress(data))),
}
every_coding = pytest.mark.parametrize(("coding", "compress"), CODINGS.values(), ids=CODINGS)


def in_reads(data: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


@every_coding
def test_a_compressed_body_without_a_secret_is_stored_as_it_came(coding: bytes, compress: Compress) -> None:
    data = compress(b"data: what is sk-learn?\n\n" * 50)
    for size in (1, 7, len(data)):
        masker = Masker((*STREAM, (b"Content-Encoding", coding)), Rules())
        pieces = [piece for t, read in in_reads(data, size) for piece in masker.feed(t, read)]
        pieces += masker.finish()
        assert [(piece.t, piece.data) for piece in pieces if not piece.more] == in_reads(data, size)
        assert not masker.refused


@every_coding
def test_of_a_compressed_body_with_a_secret_the_rest_is_not_stored(coding: bytes, compress: Compress) -> None:
    data = compress(b"data: nothing yet\n\ndata: " + KEY.whole + b"\n\n")
    for size in (1, 7, len(data)):
        masker = Masker((*STREAM, (b"Content-Encoding", coding)), Rules())
        stored = b"".join(p.data for t, read in in_reads(data, size) for p in masker.feed(t, read))
        stored += b"".join(piece.data for piece in masker.finish())
        assert masker.refused == "the compressed body has a secret in it, and can't be masked"
        assert data.startswith(stored)
        assert len(stored) < len(data)
        assert KEY.secret[:20] not in _inflated(coding, stored)


def _inflated(coding: bytes, data: bytes) -> bytes:
    try:
        return decoder([each.strip() for each in coding.lower().split(b",")]).feed(data)
    except CodingError:
        return b""


def test_a_body_that_is_not_what_its_head_says_is_masked_as_it_is() -> None:
    masker = Masker((*STREAM, (b"Content-Encoding", b"gzip")), Rules())
    assert told(masker.feed(1, b"data: a " + KEY.whole + b"\n\n")) == [
        (1, b"data: a " + KEY.masked + b"\n\n", False)
    ]
    assert told(masker.feed(2, KEY.whole + b" ")) == [(2, KEY.masked + b" ", False)]


def test_so_is_one_in_a_coding_that_nobody_knows() -> None:
    masker = Masker((*STREAM, (b"Content-Encoding", b"aes128gcm")), Rules())
    assert told(masker.feed(1, KEY.whole + b"\n\n")) == [(1, KEY.masked + b"\n\n", False)]


def test_a_small_body_that_grows_without_end_is_not_looked_through() -> None:
    masker = Masker(((b"Content-Encoding", b"gzip"),), Rules())
    assert masker.feed(1, gzip.compress(bytes(INFLATE_LIMIT + 1))) == []
    assert (
        masker.refused == "the compressed body has more than can be looked through in it, and can't be masked"
    )


def test_a_document_is_looked_at_as_a_whole_where_a_rule_asks_for_that() -> None:
    rules = Rules(paths=[compile_path("$.email")])
    masker = Masker(((b"Content-Type", b"application/json"),), rules)
    assert told(masker.feed(1, b'{"email":"a@b"}')) == [(1, b'{"email":"a@b"}', False)]
    assert masker.unfinished


def test_the_document_of_an_event_is_masked_as_it_comes() -> None:
    masker = Masker(STREAM, Rules(paths=[compile_path("$.data.email")]))
    (piece,) = masker.feed(1, b'data: {"data":{"email":"a@b"}}\n\ndata: {"data":[1]}\n\n')
    assert piece.data == b'data: {"data":{"email":"[re"}}\n\ndata: {"data":[1]}\n\n'
    assert [mark.name for mark in piece.marks] == ["$.data.email"]
