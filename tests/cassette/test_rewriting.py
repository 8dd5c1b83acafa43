"""A library that is recorded anew: the old one goes only when the new one is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.cassette import rewriting
from sseproxy.cassette.store import find
from sseproxy.errors import SseproxyError
from tests.cli.builder import save, stream


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    save(tmp_path, stream(id="OLD1"))
    save(tmp_path / "sub", stream(id="OLD2"))
    save(tmp_path, stream(id="DEAD", ending=None))
    (tmp_path / "README").write_text("mine")
    return tmp_path


def test_the_new_take_the_place_of_the_old_and_nothing_else_is_touched(library: Path) -> None:
    stage = rewriting.begin(library)
    for number in range(3):
        save(stage, stream(id=f"NEW{number}"))
    assert rewriting.is_whole(stage)
    assert len(find([library])) == 3  # what is on its way is no part of the library yet
    assert rewriting.finish(library, stage) == (3, 2)
    assert names(library) == ["DEAD.sse.jsonl.part", *(f"NEW{n}.sse.jsonl" for n in range(3)), "README"]
    assert not stage.exists()


def test_what_a_killed_recorder_left_is_dropped_by_the_next(library: Path) -> None:
    save(rewriting.begin(library), stream(id="NEW"))
    assert names(rewriting.begin(library)) == []
    assert "OLD1.sse.jsonl" in names(library)


def test_it_is_whole_when_all_is_finished(tmp_path: Path) -> None:
    stage = rewriting.begin(tmp_path)
    assert not rewriting.is_whole(stage)
    save(stage, stream(id="A"))
    assert rewriting.is_whole(stage)
    save(stage, stream(id="B", ending=None))
    assert not rewriting.is_whole(stage)


def test_at_no_time_is_a_cassette_missing(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = rewriting.begin(library)
    save(stage, stream(id="NEW1"))
    save(stage, stream(id="NEW2"))
    before = set(names(library))

    def fail(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(SseproxyError, match=r"OLD1.sse.jsonl: can't be replaced: Operation not permitted"):
        rewriting.finish(library, stage)
    assert {"NEW1.sse.jsonl", "NEW2.sse.jsonl", "OLD1.sse.jsonl"} <= set(names(library))
    assert len(names(library)) == len(before)


def test_a_new_library_needs_no_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert rewriting.recorded(folder) == []
    stage = rewriting.begin(folder)
    save(stage, stream(id="A"))
    assert rewriting.finish(folder, stage) == (1, 0)
    assert names(folder) == ["A.sse.jsonl"]


def test_where_nothing_can_be_put_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SseproxyError):
        rewriting.begin(tmp_path / "file")
