"""`sseproxy ls`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from sseproxy.exchange import Ending, Exchange
from tests.cli.builder import encoded, save, stream, unanswered
from tests.cli.support import Command, Outcome, complaint, good, in_terminal, sseproxy


def plain(printed: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", printed)


COLUMNS = ["WHEN (UTC)", "REQUEST", "STATUS", "EVENTS", "FIRST s", "LAST s", "ENDING", "ID"]


def table(printed: str) -> list[list[str]]:
    """The cells of each line behind the heading."""
    heading, *rows = printed.splitlines()
    assert [word for word in COLUMNS if word not in heading] == []
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]


def test_a_cassette_is_a_line_with_all_that_tells_it_from_others(tmp_path: Path) -> None:
    save(tmp_path, stream(id="01KAQ3M5Z8T7QRSV"))
    assert table(good("ls", tmp_path)) == [
        [
            "2026-11-23 00:41:34",
            "POST /api/v1/prediction/5f0c",
            "200",
            "3",
            "0.010",
            "0.040",
            "clean",
            "01KAQ3M5Z8T7QRSV",
        ]
    ]


def test_the_oldest_comes_first_whatever_the_files_are_called(tmp_path: Path) -> None:
    save(tmp_path / "b", stream(id="OLD", wall="2026-01-01T00:00:00.000000Z"), "z.sse.jsonl")
    save(tmp_path / "a", stream(id="NEW", wall="2026-01-02T00:00:00.000000Z"), "a.sse.jsonl")
    assert [row[-1] for row in table(good("ls", tmp_path / "a", tmp_path / "b"))] == ["OLD", "NEW"]


def test_a_folder_is_searched_to_the_bottom(tmp_path: Path) -> None:
    save(tmp_path / "chat" / "today", stream(id="DEEP"))
    assert [row[-1] for row in table(good("ls", tmp_path))] == ["DEEP"]


def test_each_ending_is_told_by_its_name(tmp_path: Path) -> None:
    for ending in Ending:
        save(tmp_path, stream(id=ending, ending=None if ending is Ending.INCOMPLETE else ending))
    assert {row[-1]: row[-2] for row in table(good("ls", tmp_path))} == {each: each for each in Ending}


DASHES: dict[str, tuple[Exchange, list[str]]] = {
    "no answer": (unanswered(Ending.CONNECT_FAILED), ["-", "-", "-", "0.010"]),
    "no stream": (
        stream(b"{}", headers=((b"Content-Type", b"application/json"),)),
        ["200", "-", "-", "0.020"],
    ),
    "no event": (stream(b": nothing to listen to\n\n"), ["200", "0", "-", "0.020"]),
}


def test_what_there_is_not_is_a_dash(tmp_path: Path) -> None:
    paths = [
        save(tmp_path, replace(value, head=replace(value.head, id=name)))
        for name, (value, _) in DASHES.items()
    ]
    shown = {row[-1]: row[2:6] for row in table(good("ls", *paths))}
    assert shown == {name: cells for name, (_, cells) in DASHES.items()}


def test_a_recorder_that_wrote_no_request_leaves_a_line(tmp_path: Path) -> None:
    value = replace(stream(ending=None), request=None, response=None, arrivals=())
    assert table(good("ls", save(tmp_path, value)))[0][1:] == [
        "-",
        "-",
        "-",
        "-",
        "0.000",
        "incomplete",
        value.head.id,
    ]


def test_a_recorder_that_wrote_nothing_yet_leaves_no_line(tmp_path: Path) -> None:
    (tmp_path / "new.sse.jsonl.part").touch()
    save(tmp_path, stream(id="WHOLE"))
    assert [row[-1] for row in table(good("ls", tmp_path))] == ["WHOLE"]


@pytest.mark.parametrize("target", [b"/short", b"/api/v1/prediction/" + b"5f0c" * 30], ids=["short", "long"])
def test_in_a_window_of_80_columns_nothing_is_folded(target: bytes, tmp_path: Path) -> None:
    save(tmp_path, stream(target=target, ending=Ending.UPSTREAM_TIMEOUT))
    heading, told, asked = in_terminal("ls", tmp_path, columns=80).splitlines()
    assert max(map(cell_len, map(plain, (heading, told, asked)))) <= 80
    assert plain(heading).split() == ["WHEN", "(UTC)", "STATUS", "EVENTS", "LAST", "s", "ID", "ENDING"]
    assert plain(told) == "2026-11-23 00:41:34     200       3    0.040  01KAQ3M5Z8T7QRSV  upstream_timeout"
    assert plain(asked).startswith(f"  POST {target.decode()[:70]}")


def test_one_cassette_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    save(tmp_path, stream())
    bad = tmp_path / "bad.sse.jsonl"
    bad.write_bytes(b"hello\n")
    assert complaint(sseproxy("ls", tmp_path)).startswith(f"{bad}:1: not JSON")


def while_reading(folder: Path, gate: Path, change: Callable[[], object]) -> Outcome:
    """`ls` of a folder in which something changes when it has come to the cassette `gate`."""
    os.mkfifo(gate)
    listing = Command(("ls", folder))
    with gate.open("wb") as writing:  # opens when `ls` does
        change()
        gate.unlink()
        gate.write_bytes(encoded(stream(id="GATE")))  # for when it is read again
        writing.write(gate.read_bytes())
    return listing.ended()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("gate", ["a", "c"], ids=["before it is read", "after it was read"])
def test_a_recording_may_get_its_final_name_meanwhile(tmp_path: Path, gate: str) -> None:
    part = save(tmp_path, stream(id="OPEN", ending=None), "b.sse.jsonl.part")

    def finish() -> None:
        with part.open("ab") as file:
            file.write(encoded(stream(id="OPEN")).splitlines(keepends=True)[-1])
        part.rename(tmp_path / "b.sse.jsonl")

    done = while_reading(tmp_path, tmp_path / f"{gate}.sse.jsonl", finish)
    assert (done.status, done.err) == (0, "")
    assert sorted(row[-1] for row in table(done.out)) == ["GATE", "OPEN"]


def test_a_line_is_printed_before_the_next_cassette_is_read(tmp_path: Path) -> None:
    """The last one in time is a pipe, whose lines behind the request nobody has written yet."""
    save(tmp_path, stream(id="FIRST"), "a.sse.jsonl")
    last = tmp_path / "z.sse.jsonl"
    os.mkfifo(last)
    listing = Command(("ls", tmp_path))
    lines = encoded(stream(id="LAST", wall="2027-01-01T00:00:00.000000Z"))
    with last.open("wb") as writing:
        last.unlink()
        os.mkfifo(last)
        writing.write(lines)
    heading, first = (listing.stdout.readline() for _ in range(2))
    assert heading.startswith(b"WHEN (UTC) ")
    assert first.endswith(b" FIRST\n")
    last.write_bytes(lines)
    done = listing.ended()
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(" LAST\n")
