"""Names of cassettes: safe whatever a client asks for, sorted by time, never twice the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.cassette.naming import PART, SUFFIX, Ids, file_name, wall_text

from .strategies import thorough

WALL = datetime(2026, 11, 23, 0, 41, 34, 120415, UTC)
ID = "01KAQ3M5Z8T7QRSV"

walls = st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 31), timezones=st.just(UTC))


def slug(target: bytes, method: str = "GET") -> str:
    name = file_name(WALL, method, target, ID)
    found = re.fullmatch(rf"2026-11-23_00-41-34\.120_([A-Z]+)_(.*)_{ID}\.sse\.jsonl", name, re.DOTALL)
    assert found
    return found[2]


def test_a_name_tells_when_what_and_which() -> None:
    assert file_name(WALL, "POST", b"/api/v1/prediction/5f0c?token=a", ID) == (
        "2026-11-23_00-41-34.120_POST_api-v1-prediction-5f0c_01KAQ3M5Z8T7QRSV.sse.jsonl"
    )
    assert PART == SUFFIX + ".part"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", "root"),
        (b"", "root"),
        (b"*", "root"),
        (b"///", "root"),
        (b"/a", "a"),
        (b"/a/", "a"),
        (b"//a//b//", "a-b"),
        (b"/v1/chat/completions", "v1-chat-completions"),
        (b"/a-b_c.d~e", "a-b-c.d-e"),
        (b"/A/b", "A-b"),
        # The query may hold a secret.
        (b"/a?token=secret", "a"),
        (b"/?token=secret", "root"),
        (b"?token=secret", "root"),
        (b"/a#b", "a"),
        (b"/a#?b", "a"),
        (b"../../etc/passwd", "etc-passwd"),
        (b"/../../etc/passwd", "etc-passwd"),
        (b"/a/../b", "a-.-b"),
        (b"/a..b...c", "a.b.c"),
        (b"/.hidden", "hidden"),
        (b"/...", "root"),
        (b"/-rf", "rf"),
        (b"%2e%2e%2f%2e%2e", "2e-2e-2f-2e-2e"),
        (b"/%00", "00"),
        (b"/a\0b", "a-b"),
        (b"/a\nb\r\tc", "a-b-c"),
        (b"\\..\\..\\windows", "windows"),
        (b"C:\\a", "C-a"),
        (b'/a:b|c<d>e"f*g', "a-b-c-d-e-f-g"),
        (b"/$(rm -rf ~);`id`&", "rm-rf-id"),
        ("/日本語".encode(), "root"),
        ("/é/ü".encode(), "root"),
        ("/caf\u00e9".encode(), "caf"),
        ("/\u202egnp.exe".encode(), "gnp.exe"),
        (b"/\xff\xfe", "root"),
        (b"http://localhost:3000/a", "http-localhost-3000-a"),
        (b"/" + b"a" * 5000, "a" * 60),
        (b"/" + b"a" * 59 + b"/" + b"b" * 50, "a" * 59),
        (b"/" + b"." * 5000 + b"a", "a"),
        (b"/a.sse.jsonl", "a.sse.jsonl"),
    ],
    ids=lambda value: ascii(value[:40]),
)
def test_of_the_target_only_harmless_letters_are_in_the_name(target: bytes, expected: str) -> None:
    assert slug(target) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("GET", "GET"),
        ("M-SEARCH", "MSEARCH"),
        ("../../x", "x"),
        ("", "X"),
        ("123", "X"),
        ("É", "X"),
        ("A" * 100, "A" * 16),
    ],
)
def test_of_the_method_only_letters_are(method: str, expected: str) -> None:
    assert file_name(WALL, method, b"/a", ID) == f"2026-11-23_00-41-34.120_{expected}_a_{ID}.sse.jsonl"


@thorough
@given(walls, st.text(max_size=30), st.binary(max_size=300))
def test_a_name_is_one_plain_name_whatever_is_asked(wall: datetime, method: str, target: bytes) -> None:
    name = file_name(wall, method, target, ID)
    assert re.fullmatch(r"[0-9]{4}-[A-Za-z0-9._-]+", name)
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert ".." not in name
    assert len(name) + len(".part") <= 200
    assert name.endswith(f"_{ID}{SUFFIX}")


@thorough
@given(walls, walls, st.binary(max_size=20), st.binary(max_size=20))
def test_names_sort_by_the_time_of_the_request(
    one: datetime, other: datetime, target: bytes, another: bytes
) -> None:
    first, second = sorted([one, other])
    if second - first >= timedelta(milliseconds=1):
        assert file_name(first, "POST", target, ID) < file_name(second, "GET", another, ID)


def test_names_are_in_utc_wherever_the_recorder_is() -> None:
    for hours in (-11, 0, 5.5, 14):
        there = WALL.astimezone(timezone(timedelta(hours=hours)))
        assert file_name(there, "GET", b"/", ID).startswith("2026-11-23_00-41-34.120_")
        assert wall_text(there) == "2026-11-23T00:41:34.120415Z"


@pytest.mark.parametrize(
    ("wall", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02T03:04:05.000006Z"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000000Z"),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, UTC), "2026-12-31T23:59:59.999999Z"),
    ],
)
def test_the_wall_time_always_has_its_microseconds(wall: datetime, text: str) -> None:
    assert wall_text(wall) == text


@thorough
@given(st.lists(walls, max_size=30), st.integers())
def test_ids_grow_also_when_the_clock_goes_back(times: list[datetime], seed: int) -> None:
    ids = Ids(Random(seed))
    made = [ids.next(wall) for wall in times]
    assert all(one < other for one, other in pairwise(made))
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", id) for id in made)


@thorough
@given(walls, walls, st.integers(), st.integers())
def test_ids_of_two_recorders_sort_by_time(one: datetime, other: datetime, seed: int, another: int) -> None:
    first, second = sorted([one, other])
    if second - first >= timedelta(milliseconds=2):
        assert Ids(Random(seed)).next(first) < Ids(Random(another)).next(second)


def test_ids_made_in_the_same_instant_differ() -> None:
    ids = Ids(Random(1))
    assert len({ids.next(WALL) for _ in range(10_000)}) == 10_000


def test_recorders_that_start_in_the_same_instant_make_different_ids() -> None:
    assert len({Ids(Random(seed)).next(WALL) for seed in range(100)}) == 100
