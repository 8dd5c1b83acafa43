"""`sseproxy diff` as its users run it, git among them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sseproxy.exchange import Exchange
from tests.cli.builder import save, stream
from tests.cli.support import complaint, good, in_terminal, sseproxy
from tests.e2e.record_cassettes import FOLDER
from tests.support.predictions import event, prediction, tokens

END = (200, event("end", "[DONE]"))
WAS = prediction([*tokens(20, "Hallo", " dear", " reader"), END])
NOW = prediction([*tokens(20, "Hallo", " new", " reader"), END])


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return save(tmp_path / "was", WAS), save(tmp_path / "now", NOW)


def test_what_differs_stands_under_its_heading(two: tuple[Path, Path]) -> None:
    outcome = sseproxy("diff", *two)
    assert (outcome.status, outcome.err) == (1, "")
    assert outcome.out.splitlines() == [
        f"{two[0]} → {two[1]}  POST /api/v1/prediction/5f0c",
        "  content",
        "    text of token  ",
        "      Hallo[- dear-]{+ new+} reader",
    ]


def test_colours_are_for_a_terminal(two: tuple[Path, Path]) -> None:
    shown = in_terminal("diff", *two)
    assert "\x1b[31m[- dear-]" in shown
    assert "\x1b[32m{+ new+}" in shown


def test_nothing_is_printed_where_nothing_differs() -> None:
    assert good("diff", FOLDER, FOLDER) == ""
    assert json.loads(good("diff", "--json", FOLDER, FOLDER))["same"] is True


def test_a_heading_can_be_left_out(two: tuple[Path, Path]) -> None:
    assert good("diff", "--ignore", "content", "--ignore", "timing", *two) == ""
    assert sseproxy("diff", "--ignore", "timing", *two).status == 1


def test_json_has_all_headings(two: tuple[Path, Path]) -> None:
    told = json.loads(sseproxy("diff", "--json", *two).out)
    assert told == {
        "same": False,
        "pairs": [
            {
                "a": str(two[0]),
                "b": str(two[1]),
                "content": [{"what": "text of token", "was": "Hallo dear reader", "now": "Hallo new reader"}],
                "order": [],
                "timing": [],
                "wire": [],
            }
        ],
        "only_a": [],
        "only_b": [],
    }


def test_folders_are_compared_request_by_request(tmp_path: Path, two: tuple[Path, Path]) -> None:
    def other(id: str, target: bytes) -> Exchange:
        return stream(id=id, target=target)

    gone = save(tmp_path / "was", other("01KAQ3M5Z8T7QRS1", b"/gone"))
    new = save(tmp_path / "now", other("01KAQ3M5Z8T7QRS2", b"/new"))
    outcome = sseproxy("diff", tmp_path / "was", tmp_path / "now")
    assert outcome.status == 1
    assert outcome.out.splitlines()[0] == f"{two[0]} → {two[1]}  POST /api/v1/prediction/5f0c"
    assert outcome.out.splitlines()[-2:] == [f"- {gone}  POST /gone", f"+ {new}  POST /new"]


def test_a_file_is_not_compared_with_a_folder(tmp_path: Path, two: tuple[Path, Path]) -> None:
    for sides in ((two[0], tmp_path / "now"), (tmp_path / "now", two[0])):
        sentence = f"{two[0]} is a file and {tmp_path / 'now'} is a folder; did you mean {two[1]}?"
        assert complaint(sseproxy("diff", *sides)) == sentence
    other = save(tmp_path / "was", stream(id="01KAQ3M5Z8T7QRS1"))
    assert complaint(sseproxy("diff", other, tmp_path / "now")) == (
        f"{other} is a file and {tmp_path / 'now'} is a folder: name one of its cassettes, or two folders."
    )


def test_times_that_go_back_are_told(tmp_path: Path) -> None:
    path = save(tmp_path, prediction([*tokens(20, "a", "b"), (30, END[1])]))
    done = sseproxy("diff", path, path)
    sentence = f"{path}: the times of the records go back, a gap that does counts as none\n"
    assert (done.status, done.out, done.err) == (0, "", 2 * sentence)


@pytest.mark.parametrize("swap", [False, True])
def test_a_file_that_is_not_there_is_dev_null_for_git(two: tuple[Path, Path], swap: bool) -> None:
    sides = (two[0], os.devnull)
    outcome = sseproxy("diff", *(reversed(sides) if swap else sides))
    assert (outcome.status, outcome.err) == (1, "")
    assert outcome.out == f"{'+' if swap else '-'} {two[0]}  POST /api/v1/prediction/5f0c\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["."], "There should be two cassettes or two folders."),
        (["--textconv", ".", "."], "--textconv takes one cassette and no other option."),
        (["none", "none"], "none: no such file or folder"),
    ],
)
def test_trouble_is_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    assert complaint(sseproxy("diff", *arguments, cwd=tmp_path)) == sentence


def test_a_cassette_that_can_not_be_read_is_trouble(tmp_path: Path, two: tuple[Path, Path]) -> None:
    (tmp_path / "bad.sse.jsonl").write_text("{}\n")
    outcome = sseproxy("diff", two[0], tmp_path / "bad.sse.jsonl")
    assert outcome.status == 2
    assert outcome.err.startswith("Error: ")


def git(folder: Path, *words: str) -> str:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One cassette, committed and then recorded anew."""
    folder = tmp_path / "repository"
    path = save(folder, WAS, "one.sse.jsonl")
    git(folder, "init", "-q")
    (folder / ".gitattributes").write_text("*.sse.jsonl diff=sse-cassette\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    later = replace(NOW, head=replace(NOW.head, id="01KAQ3M5Z8T7QRSZ", wall="2026-11-24T00:41:34.120415Z"))
    save(folder, later, path.name)
    return folder


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git on this machine")


@needs_git
def test_git_diff_by_textconv_shows_what_is_said(repository: Path) -> None:
    git(repository, "config", "diff.sse-cassette.textconv", "sseproxy diff --textconv")
    lines = git(repository, "diff").splitlines()
    assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        '-token {"event":"token","data":" dear"}',
        '+token {"event":"token","data":" new"}',
    ]


@needs_git
def test_git_difftool_shows_the_difference(repository: Path) -> None:
    shown = git(repository, "difftool", "--no-prompt", "--extcmd", "sseproxy diff")
    assert shown.splitlines()[1:] == [
        "  content",
        "    text of token  ",
        "      Hallo[- dear-]{+ new+} reader",
    ]
