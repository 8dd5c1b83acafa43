"""Cassettes in folders: which there are, in what order, and what is said of those that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from sseproxy.cassette.pack import pack
from sseproxy.cassette.store import find, is_being_written, load, load_all, load_extent, tail_body
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.errors import CassetteError, NoHeadYetError, SseproxyError
from sseproxy.exchange import Exchange

from .lines import DATA, END, HEAD, REQUEST, RESPONSE, WHOLE, Record, but, lines
from .strategies import cassette, exchanges, thorough


def write(folder: Path, *names: str, data: bytes = lines(*WHOLE)) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return paths


def found(*paths: Path, under: Path) -> list[str]:
    return [path.relative_to(under).as_posix() for path in find(paths)]


def test_a_folder_gives_its_cassettes_by_name(tmp_path: Path) -> None:
    write(tmp_path, "c.sse.jsonl", "a.sse.jsonl", "b.sse.jsonl.part", "d/a.sse.jsonl", "d/e/f.sse.jsonl")
    write(tmp_path, "a.jsonl", "a.sse.json", "a.sse.jsonl.bak", "a.sse.jsonl.part~", "README.md", "sse.jsonl")
    assert found(tmp_path, under=tmp_path) == [
        "a.sse.jsonl",
        "b.sse.jsonl.part",
        "c.sse.jsonl",
        "d/a.sse.jsonl",
        "d/e/f.sse.jsonl",
    ]


def test_files_are_taken_as_they_are_given_whatever_their_names(tmp_path: Path) -> None:
    z, a, log = write(tmp_path, "z.sse.jsonl", "a.sse.jsonl", "x.log")
    write(tmp_path / "folder", "n.sse.jsonl", "m.sse.jsonl")
    assert found(z, tmp_path / "folder", log, a, under=tmp_path) == [
        "z.sse.jsonl",
        "folder/m.sse.jsonl",
        "folder/n.sse.jsonl",
        "x.log",
        "a.sse.jsonl",
    ]


def test_nothing_asked_nothing_found() -> None:
    assert find([]) == []


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.sse.jsonl"
    with pytest.raises(SseproxyError) as caught:
        find([*write(tmp_path, "a.sse.jsonl"), missing])
    assert str(caught.value) == f"{missing}: no such file or folder"


def test_so_is_a_folder_without_cassettes(tmp_path: Path) -> None:
    write(tmp_path, "notes.txt")
    with pytest.raises(SseproxyError) as caught:
        find([tmp_path])
    assert str(caught.value) == f"{tmp_path}: no cassettes (*.sse.jsonl) in this folder"


def test_a_cassette_is_loaded(tmp_path: Path) -> None:
    [path] = write(tmp_path, "a.sse.jsonl")
    assert load(path).body == b"data: a\n\n"


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.sse.jsonl", b"", ": empty: a cassette has at least a head"),
        ("a.sse.jsonl", lines(HEAD, END, DATA), ":3: a `data` record stands after the `end`"),
        ("a.sse.jsonl.part", lines(HEAD, REQUEST, DATA), ":3: a `data` record stands before the `response`"),
        ("a.sse.jsonl.part", b"", ": the recorder has not written a head yet"),
        ("a.sse.jsonl.part", b'{"k":"he', ": the recorder has not written a head yet"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, name: str, data: bytes, problem: str
) -> None:
    [path] = write(tmp_path, name, data=data)
    with pytest.raises(CassetteError) as caught:
        load(path)
    assert str(caught.value) == f"{path}{problem}"
    assert caught.value.path == path


def test_bytes_that_are_no_text_are_pointed_at(tmp_path: Path) -> None:
    [path] = write(tmp_path, "a.sse.jsonl", data=b'{"k":"\xff"}\n')
    with pytest.raises(CassetteError, match="not JSON: byte 7 of the line is not UTF-8"):
        load(path)


def test_a_torn_head_is_an_error_in_a_finished_cassette(tmp_path: Path) -> None:
    [path] = write(tmp_path, "a.sse.jsonl", data=b'{"k":"he')
    with pytest.raises(CassetteError, match=r"a\.sse\.jsonl:1: not JSON: ") as caught:
        load(path)
    assert not isinstance(caught.value, NoHeadYetError)


@pytest.mark.parametrize(
    ("name", "why"), [("missing.sse.jsonl", "No such file or directory"), ("", "Is a directory")]
)
def test_a_file_that_can_not_be_read_is_an_error_too(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(CassetteError) as caught:
        load(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: can't be read: {why}"


def test_all_are_loaded_in_the_order_given(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        write(tmp_path, f"{name}.sse.jsonl", data=lines(but(HEAD, id=name), REQUEST))
    paths = [tmp_path / f"{name}.sse.jsonl" for name in "bca"]
    assert [(path, exchange.head.id) for path, exchange in load_all(paths)] == list(
        zip(paths, "bca", strict=True)
    )


def test_a_part_without_a_head_holds_no_exchange(tmp_path: Path) -> None:
    write(tmp_path, "a.sse.jsonl.part", data=b"")
    write(tmp_path, "b.sse.jsonl.part", data=b'{"k"')
    [whole] = write(tmp_path, "c.sse.jsonl.part", data=lines(HEAD))
    assert [path for path, _ in load_all(find([tmp_path]))] == [whole]


def test_the_first_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a.sse.jsonl")
    write(tmp_path, "b.sse.jsonl", data=lines(HEAD, HEAD))
    write(tmp_path, "c.sse.jsonl", data=b"")
    with pytest.raises(CassetteError, match=r"b\.sse\.jsonl:2: "):
        load_all(find([tmp_path]))


def test_a_cassette_that_is_finished_while_its_folder_is_read_is_no_error(tmp_path: Path) -> None:
    # The commands that read a library do so while a recorder is at work in it.
    writer = CassetteWriter(tmp_path, "a.sse.jsonl")
    writer.append(lines(HEAD, REQUEST, RESPONSE))
    paths = find([tmp_path])
    writer.append(lines(DATA, END))
    writer.finish()
    writer.close()
    assert [exchange.body for _, exchange in load_all(paths)] == [b"data: a\n\n"]


@pytest.mark.parametrize(
    ("listed", "is_packed"), [("a.sse.jsonl.zst", False), ("a.sse.jsonl", True), ("a.sse.jsonl.part", True)]
)
def test_nor_is_one_that_was_packed_or_unpacked_meanwhile(
    listed: str, is_packed: bool, tmp_path: Path
) -> None:
    (path,) = write(tmp_path, "a.sse.jsonl")
    whole = load(path)
    if is_packed:
        pack(path)
    assert load(tmp_path / listed) == whole


def test_nor_does_it_matter_to_who_asks_whether_it_is_being_written(tmp_path: Path) -> None:
    writer = CassetteWriter(tmp_path, "a.sse.jsonl")
    [path] = find([tmp_path])
    writer.append(lines(HEAD, REQUEST, RESPONSE, DATA, END))
    writer.finish()
    writer.close()
    assert not is_being_written(path)


def test_an_abandoned_part_and_a_cassette_are_not_being_written(tmp_path: Path) -> None:
    for path in write(tmp_path, "a.sse.jsonl", "a.sse.jsonl.part"):
        assert not is_being_written(path)


def test_reading_writes_nothing(tmp_path: Path) -> None:
    paths = write(tmp_path, "a.sse.jsonl", "b.sse.jsonl.part")
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]
    load_all(find([tmp_path]))
    assert not any(map(is_being_written, paths))
    assert [tail_body(path, 50) for path in paths] == [b"", b""]
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths] == before
    assert sorted(tmp_path.iterdir()) == paths


LAST = lines(but(DATA, text="é\n\n"), {"k": "data", "t": 1, "b64": "/w=="}, END)


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        (10**6, "data: a\n\né\n\n".encode() + b"\xff"),
        (len(LAST) + 1, "é\n\n".encode() + b"\xff"),
        # Cut right before a line: whether it is whole can't be told, so it does not count.
        (len(LAST), b"\xff"),
        (len(LAST) - 1, b"\xff"),
        (len(lines(END)) + 1, b""),
        (10, b""),
        (0, b""),
    ],
)
def test_the_tail_is_the_body_in_the_last_whole_lines(tmp_path: Path, limit: int, body: bytes) -> None:
    [path] = write(tmp_path, "a.sse.jsonl", data=lines(HEAD, REQUEST, RESPONSE, DATA) + LAST)
    assert tail_body(path, limit) == body


@thorough
@given(exchange=exchanges())
def test_the_tail_of_any_cassette_is_the_tail_of_its_body(
    tmp_path_factory: pytest.TempPathFactory, exchange: Exchange
) -> None:
    [path] = write(tmp_path_factory.getbasetemp(), "any.sse.jsonl", data=cassette(exchange))
    size = path.stat().st_size
    tails = [tail_body(path, limit) for limit in (0, size // 4, size // 2, size - 1, size, size + 1)]
    assert all(exchange.body.endswith(tail) for tail in tails)
    assert sorted(tails, key=len) == tails
    assert tails[-1] == exchange.body


def test_the_tail_of_what_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tail_body(tmp_path / "a.sse.jsonl", 10)
    [path] = write(tmp_path, "a.sse.jsonl", data=b"not a cassette\n")
    with pytest.raises(CassetteError):
        tail_body(path, 100)


EXTENTS: dict[str, tuple[str, bytes, int, bool]] = {
    "whole": ("a.sse.jsonl", lines(*WHOLE), 300, True),
    "without the last LF": ("a.sse.jsonl", lines(*WHOLE)[:-1], 300, True),
    "an end with much to say": ("a.sse.jsonl", lines(*WHOLE[:-1], but(END, detail="x" * 9_999)), 300, True),
    "something unknown behind it": ("a.sse.jsonl", lines(*WHOLE, {"k": "new"}), 300, True),
    "a recorder that died": ("a.sse.jsonl.part", lines(*WHOLE[:-1]), 200, False),
    "in the middle of the end": ("a.sse.jsonl.part", lines(*WHOLE)[:-9], 200, False),
    "of a line": ("a.sse.jsonl.part", lines(HEAD, REQUEST, RESPONSE)[:-9], 0, False),
    "before the body": ("a.sse.jsonl.part", lines(HEAD, REQUEST, RESPONSE), 100, False),
}


@pytest.mark.parametrize("name", EXTENTS)
def test_how_long_an_exchange_took(name: str, tmp_path: Path) -> None:
    file, data, duration, ended = EXTENTS[name]
    (path,) = write(tmp_path, file, data=data)
    whole = load(path)
    assert load_extent(path) == (whole.head, duration, ended)
    assert (whole.duration, whole.end is not None) == (duration, ended)
    if ended and data.endswith(b"\n"):
        assert load_extent(pack(path)) == (whole.head, duration, ended)


def test_of_how_long_a_finished_one_took_the_first_lines_and_the_last_tell(tmp_path: Path) -> None:
    unread = lines(*WHOLE[:-1], b"not looked at", END)
    (path,) = write(tmp_path, "a.sse.jsonl", data=unread)
    assert load_extent(path)[1:] == (300, True)


@pytest.mark.parametrize(
    "end", [but(END, t=-1), but(END, reason="bored"), b"{"], ids=["time", "reason", "JSON"]
)
def test_an_end_with_a_fault_is_told_with_its_line(end: Record | bytes, tmp_path: Path) -> None:
    (path,) = write(tmp_path, "a.sse.jsonl", data=lines(*WHOLE[:-1], end))
    with pytest.raises(CassetteError, match=r"a\.sse\.jsonl:5: "):
        load_extent(path)
