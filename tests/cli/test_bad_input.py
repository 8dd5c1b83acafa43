"""What can't be read is one line on stderr and exit status 2, whatever reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sseproxy.cassette.encode import end, head
from sseproxy.exchange import End, Ending
from tests.cli.builder import encoded, save, stream
from tests.cli.support import complaint, good, sseproxy

LINES = encoded(stream()).splitlines(keepends=True)
HEAD = head(stream().head)
CORRUPT = {
    "empty": (b"", ": empty"),
    "binary": (bytes(range(256)), ":1: not JSON"),
    "text": (b"hello\n", ":1: not JSON"),
    "not an object": (b"[]\n", ":1: each line should be a JSON object"),
    "no kind": (b"{}\n", ":1: each line should be a JSON object"),
    "not a cassette": (b'{"k":"har"}\n', ":1: not a cassette"),
    "future version": (HEAD.replace(b'"version":1', b'"version":2'), ":1: written in format version 2"),
    "no version": (HEAD.replace(b'"version":1', b'"version":null'), ":1: `version` should be"),
    "a head of another shape": (
        HEAD.replace(b'"session_t":0,', b""),
        ":1: `head` record: `session_t` is missing",
    ),
    "torn head": (HEAD[:40], ":1: not JSON"),
    "torn in the middle": (LINES[0] + LINES[1][:40] + b"\n" + LINES[2], ":2: not JSON"),
    "two heads": (HEAD * 2, ":2: a `head` record may stand only once"),
    "data before the response": (HEAD + LINES[3], ":2: a `data` record stands before the `response`"),
    "more after the end": (b"".join([*LINES, LINES[-1]]), ":8: a `end` record stands after the `end`"),
    "an unknown ending": (
        HEAD + end(End(0, Ending.CLEAN, 0)).replace(b"clean", b"nice"),
        ":2: `end` record: `reason`",
    ),
    "no base64": (
        LINES[0] + LINES[1] + LINES[2] + b'{"k":"data","t":1,"b64":"*"}\n',
        ":4: `data` record: `b64`",
    ),
    "text and base64": (
        b"".join(LINES[:3]) + b'{"k":"data","t":1,"text":"","b64":""}\n',
        ":4: `data` record: there",
    ),
    "a lone surrogate": (b"".join(LINES[:3]) + b'{"k":"data","t":1,"text":"\\ud800"}\n', ":4: "),
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `validate` says of each of them, asked once for all."""
    folder = tmp_path_factory.mktemp("corrupt")
    for name, (content, _) in CORRUPT.items():
        (folder / f"{name}.sse.jsonl").write_bytes(content)
    done = sseproxy("validate", folder)
    assert (done.status, done.err) == (2, "0 cassettes are valid\n")
    lines = done.out.splitlines()
    assert len(lines) == len(CORRUPT)
    return dict(line.removeprefix(f"{folder}/").split(".sse.jsonl", 1) for line in lines)


@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_cassette_is_named_with_the_line(findings: dict[str, str], name: str) -> None:
    _, problem = CORRUPT[name]
    assert findings[name].startswith(problem)


def a_file(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "a.sse.jsonl"
        path.write_bytes(CORRUPT[name][0])
        return path

    return make


def an_empty_folder(folder: Path) -> Path:
    path = folder / "empty"
    path.mkdir()
    return path


def a_folder_of_other_things(folder: Path) -> Path:
    (folder / "notes.txt").write_text("not a cassette")
    return folder


def a_folder_called_as_a_cassette(folder: Path) -> Path:
    (folder / "a.sse.jsonl").mkdir()
    return folder


def a_link_to_nowhere(folder: Path) -> Path:
    (folder / "a.sse.jsonl").symlink_to("gone")
    return folder


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (a_file("empty"), "{path}" + CORRUPT["empty"][1]),
    "missing": (lambda folder: folder / "none", "{path}: no such file or folder"),
    "an empty folder": (an_empty_folder, "{path}: no cassettes (*.sse.jsonl) in this folder"),
    "the wrong folder": (a_folder_of_other_things, "{path}: no cassettes (*.sse.jsonl) in this folder"),
    "unreadable": (a_folder_called_as_a_cassette, "{path}/a.sse.jsonl: can't be read: "),
    "a link to nowhere": (a_link_to_nowhere, "{path}/a.sse.jsonl: can't be read: "),
}


READERS = {
    "ls": ("ls",),
    "show": ("show", "--json"),
    "replay": ("replay", "--port", "0", "--cassettes"),
}


# All readers load cassettes in one way; `ls` stands for them where nothing else is to be seen.
@pytest.mark.parametrize(
    ("reader", "bad"),
    [("ls", bad) for bad in BAD]
    + [(reader, bad) for reader in ("show", "replay") for bad in ("empty", "missing")],
)
def test_what_can_not_be_read_is_one_line(tmp_path: Path, reader: str, bad: str) -> None:
    make, problem = BAD[bad]
    path = make(tmp_path)
    outcome = sseproxy(*READERS[reader], path)
    assert complaint(outcome).startswith(problem.format(path=path))
    assert outcome.out == ""


USAGE = {
    "no path": (("validate",), "Missing argument 'PATH...'."),
    "an unknown command": (("lst",), "No such command 'lst'. Did you mean 'ls'?"),
    "an unknown option": (("ls", "--long", "."), "No such option '--long'."),
    "an option without its value": (("replay", "--speed"), "Option '--speed' requires an argument."),
    "a speed of 0": (("replay", "--speed", "0"), "'0' is neither a number from 0.001 on nor 'max'."),
    "a speed near 0": (
        ("replay", "--speed", "1e-300"),
        "'1e-300' is neither a number from 0.001 on nor 'max'.",
    ),
    "a speed that is no number": (
        ("replay", "--speed", "fast"),
        "'fast' is neither a number from 0.001 on nor 'max'.",
    ),
    "no upstream": (("record",), "Missing option '--upstream'"),
    "no format": (("export", "."), "Missing option '--to'. Choose from: har, trace, "),
    "a timeout of nothing": (
        ("record", "--upstream", "demo", "--idle-timeout", "0"),
        "0.0 is not in the range x>0.",
    ),
    "a flow that there is not": (("demo", "--flow", "chat"), "'chat' is not one of"),
}


@pytest.mark.parametrize(("arguments", "problem"), USAGE.values(), ids=list(USAGE))
def test_wrong_usage_is_told_in_a_line_below_the_usage(arguments: tuple[str, ...], problem: str) -> None:
    assert problem in complaint(sseproxy(*arguments))


def test_a_bad_value_in_the_environment_names_the_variable() -> None:
    outcome = sseproxy("record", env={"SSEPROXY_UPSTREAM": "demo", "SSEPROXY_PORT": "http"})
    assert "SSEPROXY_PORT" in complaint(outcome)


def test_the_default_folder_may_not_be_there(tmp_path: Path) -> None:
    hint = "to record some: sseproxy record --cassettes cassettes --upstream URL"
    for command in (["replay"], ["why", "curl", "http://a/"], ["audit", "cassettes"]):
        told = complaint(sseproxy(*command, cwd=tmp_path))
        assert told == f"cassettes: no such file or folder; {hint}"


def test_a_torn_last_line_is_what_a_dead_recorder_leaves(tmp_path: Path) -> None:
    path = save(tmp_path, stream(ending=None))
    path.write_bytes(path.read_bytes()[:-10])
    assert "incomplete" in good("ls", path)
