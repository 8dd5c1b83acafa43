"""A text that comes in pieces: the same is masked however it was cut, and nothing is held for long."""

from __future__ import annotations

from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.redaction import Rules
from sseproxy.redaction.lookup import Lookup
from sseproxy.redaction.mask import masked
from sseproxy.redaction.scanner import HOLD_LIMIT, Scanner
from tests.redaction.keys import BEHIND, ESCAPED_KEYS, KEYS, PEM_LINES, QUOTED_KEYS, pem

SECRET = b'correct/horse+battery "staple"'
RULES = Rules(
    names=["pin"], secrets={"env.PASS": SECRET}, patterns={"employee": regex.compile(rb"EMP-[0-9]{6}")}
)
LOOKUPS = {"plain": RULES.plain, "stream": RULES.stream}

TEXTS = [
    *(b"a " + key.whole + BEHIND.get(key.name, b"") + b" b" for key in [*KEYS, *ESCAPED_KEYS, *QUOTED_KEYS]),
    *(pem(line_end) + b" c" for line_end in (b"\n", b"\\n", b"")),
    b'{"password" : "a\\"b\\\\", "pin": 1234, "token":"abcDEF0123456789xyz"}',
    b'{"x":"{\\"pwd\\":\\"a\\\\\\"b\\"}"}',
    *(
        before + b"ghp_" + KEYS[0].secret
        for before in (b"a\\n", b"a\\\\n", b"a\\u003d", b"a%3D", b"a%253D", b"a%25253d")
    ),
    b"u=postgres%3A%2F%2Fbob%3Apw%20x%40db&h=Authorization%3A%20Basic%20dXNlcjpwYXNz",
    b"an EMP-123456 and EMP-12 and EMP-1234567",
    b"x " + SECRET + b" y correct%2fhorse%2Bbattery%20%22staple%22 z",
    b'"correct\\/horse\\u002bbattery \\"staple\\"" and "correct/horse+battery \\\\\\"staple\\\\\\""',
    b"correct/horse+batter correct/horse",
    b"data: a sk-" + PEM_LINES[0] + b"\n\ndata: b\n\n",
    # Not the beginning of a word.
    b"a task-Force1-with-1-Name-of-2b-Letters, a tasKAKIAQ3EGUDF7EXAMPLEX, a \xc3\xa9sk-" + PEM_LINES[0],
]


def whole(lookup: Lookup, text: bytes) -> bytes:
    return Scanner(lookup).feed(text, final=True).data


def cut(lookup: Lookup, pieces: list[bytes]) -> bytes:
    scanner = Scanner(lookup)
    given = [scanner.feed(piece) for piece in pieces]
    given.append(scanner.feed(b"", final=True))
    fed = 0
    for piece, result in zip([*pieces, b""], given, strict=True):
        fed += len(piece)
        assert all(0 <= mark.start < mark.stop <= len(result.data) for mark in result.marks)
    assert scanner.held == 0
    return b"".join(result.data for result in given)


@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30].decode("latin-1"))
def test_a_cut_at_any_offset_changes_nothing(text: bytes, lookup: Lookup) -> None:
    expected = whole(lookup, text)
    assert len(expected) == len(text)
    for offset in range(len(text) + 1):
        assert cut(lookup, [text[:offset], text[offset:]]) == expected, offset


@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30].decode("latin-1"))
def test_nor_does_a_text_that_comes_byte_by_byte(text: bytes, lookup: Lookup) -> None:
    assert cut(lookup, [text[at : at + 1] for at in range(len(text))]) == whole(lookup, text)


STARTS = [b"sk-", b"AKIA", b"eyJ", b"-----BEGIN ", b"PRIVATE KEY-----", b"Bearer ", b"://", b"a:b@", b"EMP-"]
QUOTED = [b'"password"', b'":', b'"', b"\\", b'\\"', b": ", b"pin", b"s", b"e"]
BREAKS = [b"\n", b"\ndata: ", b"\r\ndata:", b"\n\n", b" ", b"."]
LETTERS = [b"abc", b"aB3dE6gH9jK2mN5pQ8sT1vW4", b"123456", b"correct/", b"horse+battery", b"%2F", b"\xff"]
PIECES = st.sampled_from([*STARTS, *QUOTED, *BREAKS, *LETTERS, "é".encode()])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from(list(LOOKUPS)),
)
def test_any_text_cut_anywhere_becomes_the_same(text: bytes, cuts: list[int], lookup: str) -> None:
    offsets = sorted({0, len(text), *(offset for offset in cuts if offset < len(text))})
    pieces = [text[start:stop] for start, stop in pairwise(offsets)]
    assert cut(LOOKUPS[lookup], pieces) == whole(LOOKUPS[lookup], text)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(st.characters(codec="utf-8", exclude_characters="/:+%\\-_.="), max_size=300))
def test_a_text_without_secrets_is_unchanged(text: str) -> None:
    data = text.encode()
    assert cut(Rules().plain, [data[at : at + 7] for at in range(0, len(data), 7)]) == data


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30].decode("latin-1"))
def test_what_was_masked_is_not_masked_again(text: bytes) -> None:
    once = whole(RULES.plain, text)
    result = Scanner(RULES.plain).feed(once, final=True)
    assert masked(once, result.marks) == once


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (b"hello wor", 0),
        (b"hello s", 0),  # the beginning is no secret: all keys have it
        (b"hello sk-", 0),
        (b"hello sk-abc", 3),
        (b"hello sk-abc def", 0),
        (b"hello sk-" + b"aB3" * 10, 0),  # it is one, and what comes is masked at once
        (b'{"passw', 0),
        (b'{"password": "', 0),
        (b'{"password": "hun', 0),
        (b'{"password": "hun\\', 1),  # the quotation mark that may follow belongs to the value
        (b'{"token":"abc', 3),
        (b"x correct/", 8),
        (b"EMP-12", 6),
    ],
)
def test_what_may_be_a_secret_is_held(text: bytes, held: int) -> None:
    scanner = Scanner(RULES.plain)
    result = scanner.feed(text)
    assert scanner.held == held
    assert len(result.data) == len(text) - held


def test_what_is_held_is_masked_where_nothing_comes_to_decide() -> None:
    scanner = Scanner(RULES.plain)
    assert scanner.feed(b"hello sk-abc").data == b"hello sk-"
    flushed = scanner.flush()
    assert (flushed.data, [mark.name for mark in flushed.marks]) == (b"[re", ["sk-key"])
    assert scanner.held == 0
    assert scanner.flush().data == b""


def test_what_comes_behind_is_a_secret_or_none_all_the_same() -> None:
    for behind, expected in (
        (b"dE6gH9jK2mN5pQ8sT1vW4 x", b"dacted]************** x"),
        (b" said he", b" said he"),
    ):
        scanner = Scanner(RULES.plain)
        scanner.feed(b"hello sk-abc")
        scanner.flush()
        assert scanner.feed(behind, final=True).data == expected


def test_no_more_is_held_than_the_limit() -> None:
    scanner = Scanner(Rules(patterns={"letter": regex.compile(rb"DEAR[a-z ]*YOURS")}).plain)
    given = b""
    for piece in [b"x DEAR", *[b"a" * 100] * 40]:
        given += scanner.feed(piece).data
    assert (given, scanner.held) == (b"x ", 4 + 4000)
    given += scanner.feed(b"a" * 100).data
    assert (scanner.held, HOLD_LIMIT) == (0, 4096)
    assert given == b"x [redacted]" + b"*" * (4 + 4100 - 10)
