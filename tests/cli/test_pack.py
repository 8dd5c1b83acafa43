"""`sseproxy pack` as a process."""

from __future__ import annotations

from pathlib import Path

from tests.cassette.lines import WHOLE, lines
from tests.cli.support import sseproxy


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(lines(*WHOLE))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_finished_is_packed_and_what_is_not_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "a.sse.jsonl", "b.sse.jsonl", "c.sse.jsonl.part")
    plain = sseproxy("ls", tmp_path)
    done = sseproxy("pack", tmp_path)
    assert (done.status, done.stdout) == (0, b"")
    assert done.stderr.startswith(b"packed 2 cassettes: ")
    assert names(tmp_path) == ["a.sse.jsonl.zst", "b.sse.jsonl.zst", "c.sse.jsonl.part"]
    assert sseproxy("ls", tmp_path) == plain
    assert sseproxy("pack", tmp_path).stderr == b"packed 0 cassettes: 0 bytes, now 0\n"
    assert (
        sseproxy("show", "--raw", tmp_path / "a.sse.jsonl.zst").stdout
        == sseproxy("show", "--raw", tmp_path / "c.sse.jsonl.part").stdout
    )
    assert sseproxy("pack", "--unpack", tmp_path).stderr.startswith(b"unpacked 2 cassettes: ")
    assert names(tmp_path) == ["a.sse.jsonl", "b.sse.jsonl", "c.sse.jsonl.part"]
    assert (tmp_path / "a.sse.jsonl").read_bytes() == lines(*WHOLE)


def test_what_can_t_be_packed_is_told_and_the_others_are(tmp_path: Path) -> None:
    write(tmp_path, "b.sse.jsonl")
    (tmp_path / "a.sse.jsonl").write_bytes(b"nonsense\n")
    done = sseproxy("pack", tmp_path)
    assert done.status == 2
    told, summary = done.stderr.decode().splitlines()
    assert told.startswith(f"Error: {tmp_path}/a.sse.jsonl:1: ")
    assert summary.startswith("packed 1 cassette: ")
    assert names(tmp_path) == ["a.sse.jsonl", "b.sse.jsonl.zst"]
