"""A library that is recorded anew: the old one goes only when the new one is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.cassette import rewriting
from sseproxy.cassette.pack import pack
from sseproxy.cassette.rewriting import Rewriting
from sseproxy.cassette.store import find
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Ending
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
    with Rewriting(library) as anew:
        for number in range(3):
            save(anew.stage, stream(id=f"NEW{number}"))
        assert rewriting.is_whole(anew.stage)
        assert len(find([library])) == 3  # what is on its way is no part of the library yet
        assert anew.finish() == (3, 1)
    news = [f"NEW{number}.sse.jsonl" for number in range(3)]
    assert names(library) == ["DEAD.sse.jsonl.part", *news, "README", "sub/OLD2.sse.jsonl"]
    assert not anew.stage.exists()


def test_what_a_killed_recorder_left_is_dropped_by_the_next(library: Path) -> None:
    with Rewriting(library) as anew:
        save(anew.stage, stream(id="NEW"))
    with Rewriting(library) as anew:
        assert names(anew.stage) == []
    assert "OLD1.sse.jsonl" in names(library)


def test_a_library_is_rewritten_by_one_at_a_time(library: Path) -> None:
    with Rewriting(library) as anew, Rewriting(library / "sub"):
        save(anew.stage, stream(id="NEW"))
        with pytest.raises(SseproxyError, match="another test or recorder is rewriting this library"):
            Rewriting(library)
        assert names(anew.stage) == ["NEW.sse.jsonl"]
    Rewriting(library).close()


@pytest.mark.parametrize("packed", [False, True])
def test_what_the_recorders_stop_cut_off_is_no_answer(library: Path, packed: bool) -> None:
    whole = rewriting.answered(library)
    worded = save(library, stream(b"proxy_stopped", id="WORD", ending=Ending.CLEAN))
    half = save(library, stream(id="HALF", ending=Ending.PROXY_STOPPED))
    if packed:
        worded, half = pack(worded), pack(half)
    assert rewriting.answered(library) == sorted([*whole, worded])
    assert half in rewriting.recorded(library)


def test_it_is_whole_when_all_is_finished(tmp_path: Path) -> None:
    stage = tmp_path
    assert not rewriting.is_whole(stage)
    save(stage, stream(id="A"))
    assert rewriting.is_whole(stage)
    save(stage, stream(id="B", ending=None))
    assert not rewriting.is_whole(stage)


def test_at_no_time_is_a_cassette_missing(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(names(library))

    def fail(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "unlink", fail)
    told = r"OLD1.sse.jsonl: can't be replaced: Operation not permitted"
    with Rewriting(library) as anew:
        for id in ("NEW1", "NEW2"):
            save(anew.stage, stream(id=id))
        with pytest.raises(SseproxyError, match=told):
            anew.finish()
    assert set(names(library)) == before | {"NEW1.sse.jsonl", "NEW2.sse.jsonl"}


def test_a_new_library_needs_no_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert rewriting.recorded(folder) == []
    with Rewriting(folder) as anew:
        save(anew.stage, stream(id="A"))
        assert anew.finish() == (1, 0)
    assert names(folder) == ["A.sse.jsonl"]


def test_where_nothing_can_be_put_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SseproxyError, match=r"/file: is no folder$"):
        Rewriting(tmp_path / "file")
