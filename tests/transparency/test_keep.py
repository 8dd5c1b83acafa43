"""How much a recorder leaves behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.proxy.keep import Keep, Kept, expired, parse_keep, tidy

RULES = {
    "500": Keep(count=500),
    " 500 ": Keep(count=500),
    "1": Keep(count=1),
    "2GB": Keep(size=2e9),
    "2gb": Keep(size=2e9),
    "2 GB": Keep(size=2e9),
    "1.5MiB": Keep(size=1.5 * 2**20),
    "10kB": Keep(size=1e4),
    "1KiB": Keep(size=1024),
    "1TB": Keep(size=1e12),
    "1GiB": Keep(size=2**30),
    "90m": Keep(age=5_400),
    "12h": Keep(age=43_200),
    "7d": Keep(age=604_800),
    "7D": Keep(age=604_800),
    "0.5w": Keep(age=302_400),
}


@pytest.mark.parametrize(("text", "rule"), RULES.items())
def test_a_bound_is_a_number_a_size_or_an_age(text: str, rule: Keep) -> None:
    assert parse_keep(text) == rule


@pytest.mark.parametrize(
    "text",
    ["", "0", "0GB", "x", "-1", "1.5", "7y", "7s", "GB", "1e3", "2GBs", "1 000", "٣", "²", "7d 1h", "inf"],
)
def test_another_bound_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SseproxyError, match=r"should be a number|would keep nothing"):
        parse_keep(text)


NOW = 1_000_000.0
# From the oldest to the newest: 100 bytes each, 10 s apart, the newest just now.
CASSETTES = [Kept(Path(f"1970-01-12_13-46-{number}0"), 100, NOW - 10 * (4 - number)) for number in range(5)]

GONE = [
    (Keep(), 0),
    (Keep(count=5), 0),
    (Keep(count=6), 0),
    (Keep(count=4), 1),
    (Keep(count=1), 4),
    (Keep(count=0), 5),
    (Keep(size=500), 0),
    (Keep(size=499), 1),
    (Keep(size=250.5), 3),
    (Keep(size=99), 5),
    (Keep(age=40), 0),
    (Keep(age=39.9), 1),
    (Keep(age=0), 4),
    (Keep(count=4, size=300, age=15), 3),
]


@pytest.mark.parametrize(("keep", "count"), GONE)
def test_the_oldest_go_first(keep: Keep, count: int) -> None:
    assert expired(CASSETTES, keep, NOW) == CASSETTES[:count]
    assert expired(CASSETTES[::-1], keep, NOW) == CASSETTES[:count]


def test_names_of_a_clock_that_was_ahead_go_before_what_is_recorded_now() -> None:
    ahead = [Kept(Path(f"1970-01-12_19-46-{number}0"), 100, NOW - 7_200) for number in range(5)]
    assert expired([*CASSETTES, *ahead], Keep(count=7), NOW) == ahead[:3]
    assert expired([*CASSETTES, *ahead], Keep(count=4), NOW) == [*ahead, CASSETTES[0]]


def test_a_clock_that_was_set_back_makes_nothing_old() -> None:
    assert expired(CASSETTES, Keep(age=1), NOW - 3600) == []


def name(day: int, rest: str = "_POST_api-v1_01KAQ3M5Z8T7QRSV") -> str:
    return f"2026-11-{day:02}_00-41-34.120{rest}.sse.jsonl"


OTHERS = [
    name(1) + ".part",
    name(2) + ".bak",
    "golden.sse.jsonl",
    "2026-11-01.sse.jsonl",
    name(3, "_POST_api-v1_my favourite"),
    "copy of " + name(4),
    name(5, "_POST_api-v1_01kaq3m5z8t7qrsv"),
    "notes.txt",
    ".hidden",
]


def test_only_finished_cassettes_that_bear_a_recorders_name_are_deleted(tmp_path: Path) -> None:
    for other in OTHERS:
        (tmp_path / other).write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name(6)).write_text("x")
    (tmp_path / name(7)).mkdir()
    for day in (8, 9, 10):
        (tmp_path / name(day)).write_text("x")
    tidy(tmp_path, Keep(count=1), NOW)
    assert {path.name for path in tmp_path.iterdir()} == {*OTHERS, "folder", name(7), name(10)}
    assert (tmp_path / "folder" / name(6)).exists()


def test_the_age_of_a_cassette_is_that_of_its_file(tmp_path: Path) -> None:
    for day, age in [(1, 100), (2, 10)]:
        path = tmp_path / name(day)
        path.write_text("x")
        os.utime(path, (NOW - age, NOW - age))
    tidy(tmp_path, Keep(age=50), NOW)
    assert [path.name for path in tmp_path.iterdir()] == [name(2)]


def test_a_folder_that_is_not_there_yet_is_tidy(tmp_path: Path) -> None:
    tidy(tmp_path / "none", Keep(count=0), NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_file_elsewhere_is_unlinked_and_the_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.txt"
    target.write_text("x")
    folder = tmp_path / "cassettes"
    folder.mkdir()
    (folder / name(1)).symlink_to(target)
    tidy(folder, Keep(count=0), NOW)
    assert target.read_text() == "x"


def test_two_recorders_may_tidy_one_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for day in range(1, 31):
        for number in range(60):
            (tmp_path / name(day, f"_POST_{number}_01KAQ3M5Z8T7QRSV")).write_text("x")
    both = [threading.Thread(target=tidy, args=(tmp_path, Keep(count=0), NOW)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert list(tmp_path.iterdir()) == []
    assert not caplog.records
