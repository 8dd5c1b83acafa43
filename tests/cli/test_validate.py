"""`sseproxy validate`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sseproxy.exchange import HOLE, Arrival, End, Ending, Exchange, Note
from tests.cli.builder import save, stream
from tests.cli.support import sseproxy


def test_good_cassettes_are_counted_on_stderr_alone(tmp_path: Path) -> None:
    for id in "AB":
        save(tmp_path, stream(id=id))
    done = sseproxy("validate", tmp_path)
    assert (done.status, done.out, done.err) == (0, "", "2 cassettes are valid\n")


HOLED = replace(
    stream(ending=Ending.LOSSY),
    notes=(Note(15_000, "20 body bytes are missing here: disk full", (HOLE,), 1),),
)
ODD: dict[str, tuple[Exchange, str]] = {
    "no end": (stream(ending=None), "incomplete: no end record"),
    "a count that is wrong": (
        replace(stream(), end=End(40_000, Ending.CLEAN, 99)),
        "the end record counts 99 body bytes, there are 72: edited by hand",
    ),
    "a hole": (HOLED, "lossy: part of the stream was not recorded"),
    "times that go back": (
        replace(stream(), arrivals=(Arrival(2, b"x" * 72), Arrival(1, b""))),
        "the times of the records go back",
    ),
}


def test_what_is_odd_is_a_line_and_exit_status_1(tmp_path: Path) -> None:
    paths = [save(tmp_path, value, f"{name}.sse.jsonl") for name, (value, _) in ODD.items()]
    done = sseproxy("validate", *paths)
    assert (done.status, done.err) == (1, "0 cassettes are valid\n")
    lines = done.out.splitlines()
    for path, (_, finding), line in zip(paths, ODD.values(), lines, strict=True):
        assert line.startswith(f"{path}: {finding}")


def test_one_that_can_not_be_read_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.sse.jsonl").write_bytes(b"hello\n")
    save(tmp_path, stream(ending=None), "b.sse.jsonl.part")
    save(tmp_path, stream(), "c.sse.jsonl")
    done = sseproxy("validate", tmp_path)
    assert (done.status, done.err) == (2, "1 cassette is valid\n")
    assert [line.split(": ")[0] for line in done.out.splitlines()] == [
        f"{tmp_path / 'a.sse.jsonl'}:1",
        f"{tmp_path / 'b.sse.jsonl.part'}",
    ]


def test_a_part_without_a_head_is_legal_and_so_at_most_odd(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.jsonl.part"
    path.touch()
    assert sseproxy("validate", path).status == 1


def test_what_a_person_or_a_newer_program_adds_is_left_alone(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    head, rest = path.read_text().split("\n", 1)
    path.write_text(head[:-1] + ',"mood":"good"}\n{"k":"remark","text":"from later"}\n' + rest)
    assert sseproxy("validate", path).status == 0
