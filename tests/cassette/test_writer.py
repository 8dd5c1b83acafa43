"""The append: whole lines or none, seen by readers at once, and the final name last of all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sseproxy.cassette.store import is_being_written, load
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.exchange import Ending

from .lines import DATA, END, HEAD, REQUEST, RESPONSE, but, lines
from .other_process import read, recorder

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs flock, or limits of POSIX")

NAME = "a.sse.jsonl"
BEGINNING = lines(HEAD, REQUEST, RESPONSE)


@contextlib.contextmanager
def writing(folder: Path, name: str = NAME) -> Iterator[CassetteWriter]:
    writer = CassetteWriter(folder, name)
    try:
        yield writer
    finally:
        writer.close()


def test_an_open_cassette_is_a_part(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        assert writer.path == tmp_path / "a.sse.jsonl.part"
        assert [path.name for path in tmp_path.iterdir()] == ["a.sse.jsonl.part"]
        assert writer.path.read_bytes() == b""


def test_what_is_appended_is_in_the_file_when_the_call_returns(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        expected = b""
        for line in (lines(HEAD), lines(REQUEST, RESPONSE), lines(DATA), b"", lines(DATA)):
            writer.append(line)
            expected += line
            assert writer.path.read_bytes() == expected


def test_finishing_gives_the_final_name(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
        writer.append(lines(DATA, END))
        writer.finish()
        assert writer.path == tmp_path / NAME
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert load(tmp_path / NAME).ending is Ending.CLEAN


def test_a_cassette_that_is_closed_without_a_last_append_stays_a_part(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
    assert [path.name for path in tmp_path.iterdir()] == ["a.sse.jsonl.part"]
    assert load(writer.path).ending is Ending.INCOMPLETE


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    with writing(tmp_path / "a" / "b") as writer:
        assert writer.path.parent == tmp_path / "a" / "b"


def test_a_cassette_under_way_is_never_written_over(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
        with pytest.raises(FileExistsError):
            CassetteWriter(tmp_path, NAME)
        assert writer.path.read_bytes() == BEGINNING


def test_one_that_can_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        CassetteWriter(tmp_path / "file", NAME)
    with pytest.raises(OSError, match="aaa"):
        CassetteWriter(tmp_path, "a" * 300)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_final_name_that_can_not_be_had_leaves_a_part_that_is_whole(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING + lines(DATA, END))
        (tmp_path / NAME).mkdir()
        with pytest.raises(IsADirectoryError):
            writer.finish()
        assert load(writer.path).ending is Ending.CLEAN
        (tmp_path / NAME).rmdir()
        writer.finish()
    assert load(tmp_path / NAME).ending is Ending.CLEAN


FULL_DISK = """
import errno, resource, signal, sys
from pathlib import Path
from sseproxy.cassette.writer import CassetteWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails, and the process lives
line = b'{"k":"note","text":"%s"}\\n' % (b"a" * 100)

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def refused(data):
    before = writer.path.read_bytes()
    try:
        writer.append(data)
    except OSError as error:
        assert error.errno == errno.EFBIG, error
    else:
        raise AssertionError("there was room")
    assert writer.path.read_bytes() == before
    assert writer.path.name == "a.sse.jsonl.part"

writer = CassetteWriter(Path(sys.argv[1]), "a.sse.jsonl")
room(5 * len(line) + 50)
writer.append(line * 4)
refused(line * 2)               # the first of the two would have had room
refused(line * 100)
writer.append(line)             # what has room still goes in
refused(line)
room(5 * len(line))
refused(b"{")                   # not a byte
room(1_000_000)
writer.append(line)
writer.finish()
print(writer.path.name, writer.path.read_bytes() == line * 6)
"""


def test_where_nothing_could_be_written_nothing_is_left(tmp_path: Path) -> None:
    writer = CassetteWriter(tmp_path, NAME)
    writer.close()
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_full_disk_takes_whole_lines_or_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("a.sse.jsonl True\n", "")


@posix
def test_who_writes_a_cassette_shows_while_it_is_open(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        assert is_being_written(writer.path)
        # To have asked changes nothing.
        assert is_being_written(writer.path)
        writer.append(BEGINNING)
    assert not is_being_written(writer.path)


@posix
def test_a_finished_cassette_is_not_being_written(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING + lines(END))
        writer.finish()
        assert not is_being_written(writer.path)


@posix
def test_a_reader_in_another_process_sees_what_is_written_so_far(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING + lines(but(DATA, text="one ")))
        assert read(writer.path) == "True one  incomplete"
        writer.append(lines(but(DATA, text="two"), END))
        writer.finish()
        assert read(writer.path) == "False one two clean"


@posix
def test_a_recorder_that_is_killed_leaves_all_it_wrote_and_no_lock(tmp_path: Path) -> None:
    with recorder(tmp_path, NAME) as other:
        path = tmp_path / "a.sse.jsonl.part"
        for line in BEGINNING.splitlines(keepends=True):
            assert other.append(line) == path
        assert other.append(lines(DATA)) == path
        assert is_being_written(path)
        assert load(path).body == b"data: a\n\n"
        other.kill()
        assert not is_being_written(path)
        assert load(path).body == b"data: a\n\n"
        assert load(path).ending is Ending.INCOMPLETE


def test_a_rewritten_cassette_has_the_other_content_and_goes_on(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
        writer.rewrite(lambda found: [found.read().replace(b'"k":"request"', b'"k":"request","x":1')])
        assert [path.name for path in tmp_path.iterdir()] == ["a.sse.jsonl.part"]
        writer.append(lines(DATA, END))
        writer.finish()
    expected = BEGINNING.replace(b'"k":"request"', b'"k":"request","x":1') + lines(DATA, END)
    assert (tmp_path / NAME).read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@posix
def test_a_rewritten_cassette_is_still_being_written(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
        writer.rewrite(lambda found: found)
        assert writer.path.read_bytes() == BEGINNING
        assert is_being_written(writer.path)
    assert not is_being_written(writer.path)


def test_what_can_t_be_rewritten_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".a.sse.jsonl.part.tmp").mkdir()  # in the way
    with writing(tmp_path) as writer:
        writer.append(BEGINNING)
        with pytest.raises(OSError):  # noqa: PT011 - which one differs by system
            writer.rewrite(lambda found: [b"other\n"])
        assert writer.path.read_bytes() == BEGINNING
        writer.append(lines(DATA))
        assert writer.path.read_bytes() == BEGINNING + lines(DATA)
