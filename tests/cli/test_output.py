"""What reaches a terminal or a pipe: nothing raw, nothing cut, and no complaint when nobody reads it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sseproxy.exchange import Ending, Exchange
from tests.cli.builder import STREAM, save, stream, unanswered
from tests.cli.support import COMMAND, ENVIRONMENT, complaint, good, in_terminal, pipe, sseproxy

EVIL = b"\x1b]0;gone\x07\x1b[31m"  # sets a window's title, then turns all red
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")


def with_head(**changes: Any) -> Exchange:
    whole = stream()
    return replace(whole, head=replace(whole.head, **changes))


def with_response(**changes: Any) -> Exchange:
    whole = stream()
    assert whole.response
    return replace(whole, response=replace(whole.response, **changes))


HOSTILE = {
    "id": stream(id=f"A{EVIL.decode()}"),
    "wall": stream(wall=f"A{EVIL.decode()}"),
    "by": with_head(by=EVIL.decode()),
    "upstream": with_head(upstream=EVIL.decode()),
    "method": stream(method=f"GET{EVIL.decode()}"),
    "target": stream(target=b"/" + EVIL + "\u202e".encode()),
    "reason": with_response(reason=EVIL),
    "content type": stream(headers=((b"Content-Type", b"text/plain" + EVIL),)),
    "coding": stream(headers=(*STREAM, (b"Content-Encoding", EVIL))),
    "detail": unanswered(Ending.ERROR, EVIL.decode()),
    "events": stream(
        b"event: a" + EVIL + b"\nid: " + EVIL + b"\ndata: \xc2\x9b2J" + EVIL + b"\n: " + EVIL + b"\n\n"
    ),
    "body": stream(EVIL, headers=((b"Content-Type", b"text/plain"),)),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, value in HOSTILE.items():
        save(folder, value, f"{name}.sse.jsonl")
    save(folder, stream(), f"name{EVIL.decode()}.sse.jsonl")
    return folder


every_reader = pytest.mark.parametrize("command", ["ls", "show", "validate"])


@every_reader
def test_no_control_character_of_a_cassette_reaches_the_terminal(hostile: Path, command: str) -> None:
    outcome = sseproxy(command, hostile)
    assert outcome.status in (0, 1), outcome.err
    assert [line for line in (outcome.out + outcome.err).split("\n") if RAW.search(line)] == []


@pytest.mark.parametrize("command", ["ls", "validate"])
def test_nor_does_one_of_a_file_name_in_an_error(tmp_path: Path, command: str) -> None:
    path = tmp_path / f"a{EVIL.decode()}.sse.jsonl"
    path.write_bytes(b"hello\n")
    outcome = sseproxy(command, path)
    assert outcome.status == 2
    assert RAW.findall(outcome.out + outcome.err) == []


BRACKETED = {
    "our own mask": b"/login?key=[redacted]&x=1",
    "a style": b"/[bold]loud[/bold]",
    "a closing bracket of nothing": b"/[/nothing]",
    "a smiley": b"/:smile:",
}


def test_brackets_are_text(tmp_path: Path) -> None:
    for name, target in BRACKETED.items():
        save(tmp_path, stream(id=name, target=target))
    listed = good("ls", tmp_path)
    assert [name for name, target in BRACKETED.items() if f"POST {target.decode()} " not in listed] == []


def test_a_pipe_gets_whole_lines_without_colours(tmp_path: Path) -> None:
    target = b"/" + b"x" * 500
    data = "y" * 150_000
    path = save(tmp_path, stream(b"data: " + data.encode() + b"\n\n", target=target))
    assert target.decode() in good("ls", path)
    shown = good("show", path)
    assert data in shown
    assert "\x1b" not in shown


def test_no_line_is_filled_up_with_spaces(tmp_path: Path) -> None:
    """One long event among many short ones would make each of them as long."""
    path = save(tmp_path, stream(b"data: a\n\ndata: " + b"b" * 500 + b"\n\n"))
    assert [line for line in good("show", path).splitlines() if line.endswith("  ")] == []


def test_a_terminal_gets_colours_unless_it_asks_for_none(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    assert COLOUR.search(in_terminal("show", path))
    assert not COLOUR.search(in_terminal("ls", path, env={"NO_COLOR": "1"}))


def test_long_data_is_folded_in_a_terminal_not_cut(tmp_path: Path) -> None:
    data = "".join(f"{number:06}" for number in range(100))
    shown = in_terminal("show", save(tmp_path, stream(f"data: {data}\n\n".encode())), columns=80)
    assert data in re.sub(r"\s|\x1b\[[\d;]*m", "", shown)


def test_what_each_command_is_for_can_be_read_in_80_columns() -> None:
    _, listed = good("--help", env={"COLUMNS": "80"}).split("Commands:\n")
    assert [line for line in listed.splitlines() if not line.endswith(".") or line.endswith("...")] == []


WRITING = {
    "ls": ("ls",),
    "show --raw": ("show", "--raw"),
    "--help": ("ls", "--help"),
}
every_writer = pytest.mark.parametrize("command", WRITING.values(), ids=list(WRITING))


@every_writer
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    """`sseproxy ls cassettes | head -1`, with a `head` that was faster."""
    reading, writing = pipe()
    reading.close()
    with writing:
        done = sseproxy(*command, save(tmp_path, stream()), stdout=writing.fileno())
    assert (done.status, done.err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@every_writer
def test_a_disk_that_is_full_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = sseproxy(*command, save(tmp_path, stream()), stdout=full.fileno())
    assert (done.status, done.err.count("\n")) == (2, 1), done.err


def closed(which: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run with a standard stream closed."""
    shell = ["sh", "-c", f'exec "$@" {which}', "sh", *COMMAND, *command]
    return subprocess.run(shell, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@every_writer
def test_an_output_that_is_closed_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = closed(">&-", *command, save(tmp_path, stream()))
    assert (done.returncode, done.stderr) == (2, "Error: can't write the output: Bad file descriptor\n")


@pytest.mark.parametrize("which", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_server_takes_no_number_of_a_closed_stream(tmp_path: Path, which: str) -> None:
    """uvloop aborts where a socket gets one of the first three numbers."""
    save(tmp_path, stream())
    done = closed(which, "exec", "-q", "--cassettes", tmp_path, sys.executable, "-c", "raise SystemExit(3)")
    assert (done.returncode, done.stderr) == (3, "")


def test_an_encoding_that_lacks_a_letter_gets_a_sign_for_it(tmp_path: Path) -> None:
    path = save(tmp_path, stream("data: 朝\n\n".encode()))
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}  # read when Python starts
    done = subprocess.run([*COMMAND, "show", path], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u671d" in done.stdout


def test_a_file_name_that_is_no_utf_8_is_named_all_the_same(tmp_path: Path) -> None:
    path = save(tmp_path, stream(), os.fsdecode(b"caf\xe9.sse.jsonl"))
    (found,) = json.loads(good("show", "--json", path))
    assert len(found["events"]) == 3
    path.write_bytes(b"hello\n")
    assert "sse.jsonl:1: not JSON" in complaint(sseproxy("ls", path))


@pytest.mark.parametrize("form", ["csv", "curl", "har", "jsonl", "trace"])
def test_a_folder_that_is_no_utf_8_is_exported_all_the_same(tmp_path: Path, form: str) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    save(folder, stream())
    assert good("export", "--to", form, folder)
