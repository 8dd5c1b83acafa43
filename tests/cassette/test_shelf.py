"""What several libraries read of the same files: once, and again where a file has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sseproxy.cassette import shelf
from sseproxy.cassette.library import Library
from sseproxy.cassette.shelf import Shelf
from sseproxy.errors import CassetteError
from tests.cli.builder import save, stream


def aged(path: Path, seconds: float = 60) -> Path:
    """The file as if it had been written so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_what_one_library_has_read_another_need_not(tmp_path: Path) -> None:
    path = aged(save(tmp_path, stream()))
    kept = Shelf()
    first, second, alone = Library([path], shelf=kept), Library([path], shelf=kept), Library([path])
    assert second.exchange(0) is first.exchange(0) == alone.exchange(0)
    assert second.exchange(0) is not alone.exchange(0)
    assert second.request(0) is first.request(0) == alone.request(0)
    assert [*second.requests()] == [*alone.requests()]


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = aged(save(tmp_path, stream(b"one")))
    kept = Shelf()
    assert kept.load(path) == stream(b"one")
    aged(save(tmp_path, stream(b"two")), 59)  # of the same size
    assert kept.load(path) == stream(b"two")
    assert kept.load_request(path) == (stream().head, stream().request)
    path.unlink()
    for read in (kept.load, kept.load_request):
        with pytest.raises(CassetteError, match="can't be read: No such file"):
            read(path)


@pytest.mark.parametrize(("age", "largest"), [(0, shelf.LARGEST), (60, 100)], ids=["just written", "large"])
def test_some_are_read_each_time(
    age: float, largest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGEST", largest)
    path = aged(save(tmp_path, stream()), age)
    kept = Shelf()
    assert kept.load(path) is not kept.load(path)
    assert kept.load(path) == kept.load(path)


def test_what_can_not_be_read_is_told_each_time(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    path.write_text("{}\n")
    aged(path)
    kept = Shelf()
    for read in (kept.load, kept.load_request, kept.load):
        with pytest.raises(CassetteError, match=r"\.sse\.jsonl:1: "):
            read(path)
