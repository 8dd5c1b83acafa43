"""Cassettes as zstd files: every reader takes them, and nothing is lost on the way there or back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sseproxy.cassette.naming import PACKED, SUFFIX
from sseproxy.cassette.pack import pack, unpack
from sseproxy.cassette.store import find, load
from sseproxy.errors import CassetteError, SseproxyError

from .lines import WHOLE, lines

RECORDED = sorted((Path(__file__).parents[2] / "cassettes" / "captures").glob(f"*{SUFFIX}"))


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(lines(*WHOLE))
    return path


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.name)
def test_packed_and_unpacked_it_is_the_same_file(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / recorded.name
    path.write_bytes(recorded.read_bytes())
    os.utime(path, ns=(1, 2))
    packed = pack(path)
    assert packed.name == path.name + ".zst"
    assert list(tmp_path.iterdir()) == [packed]
    assert load(packed) == load(recorded)
    assert unpack(packed) == path
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == recorded.read_bytes()
    assert path.stat().st_mtime_ns == 2


def test_a_cassette_that_is_there_twice_is_found_once(cassette: Path) -> None:
    """Packing that was broken off leaves the old file beside the new one."""
    lines = cassette.read_bytes()
    packed = pack(cassette)
    assert find([cassette.parent]) == [packed]
    cassette.write_bytes(lines)
    assert find([cassette.parent]) == [cassette]


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_what_is_no_whole_zstd_is_told_in_one_line(cut: int, cassette: Path) -> None:
    packed = pack(cassette)
    packed.write_bytes(packed.read_bytes()[:cut])
    with pytest.raises(CassetteError) as caught:
        load(packed)
    assert str(caught.value).startswith(f"{packed}: ")
    assert "\n" not in str(caught.value)


def test_what_is_no_cassette_is_not_packed(cassette: Path) -> None:
    cassette.write_bytes(b"{}\n")
    with pytest.raises(CassetteError, match=f"^{cassette}:1: "):
        pack(cassette)
    assert [path.name for path in cassette.parent.iterdir()] == [cassette.name]


def test_a_wrong_line_in_a_packed_cassette_is_told_with_its_number(cassette: Path) -> None:
    packed = cassette.with_name("b" + PACKED)
    packed.write_bytes(zstd.compress(cassette.read_bytes() + b"[]\n"))
    with pytest.raises(CassetteError, match=rf"^{packed}:{len(WHOLE) + 1}: "):
        load(packed)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_t_be_written_keeps_the_old_file(cassette: Path) -> None:
    cassette.parent.chmod(0o500)
    try:
        with pytest.raises(SseproxyError, match="can't be replaced"):
            pack(cassette)
    finally:
        cassette.parent.chmod(0o700)
    assert cassette.exists()
    assert not cassette.with_name("a" + PACKED).exists()
