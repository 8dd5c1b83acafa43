"""Defaults from a file, and values that no command should start with."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest

from sseproxy.cli import cli
from sseproxy.cli.config import defaults, options
from sseproxy.cli.record import record
from sseproxy.config import OPTIONS, read_config
from sseproxy.errors import SseproxyError
from tests.cli.support import sseproxy


def given(folder: Path, text: str, name: str = "sseproxy.toml") -> dict[str, object]:
    """What `record` takes of this file."""
    (folder / name).write_text(text)
    found = read_config(folder)
    return {} if found is None else defaults(*found, record)


def test_the_options_that_are_written_down_are_those_of_the_commands() -> None:
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in cli.list_commands(context)]
    assert {name for each in commands if each for name in options(each)} == OPTIONS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('upstream = "http://a"', {"upstreams": ["http://a"]}),
        ('upstream = ["/b=http://b", "http://a"]', {"upstreams": ["/b=http://b", "http://a"]}),
        ("port = 9000", {"port": "9000"}),
        ("grace = 1.5", {"grace": "1.5"}),
        ("insecure = true", {"insecure": True}),
        ("on-miss = 500", {}),
        ("", {}),
    ],
)
def test_a_key_is_an_options_name_and_one_of_another_command_is_passed_over(
    text: str, expected: dict[str, object], tmp_path: Path
) -> None:
    assert given(tmp_path, text) == expected
    assert given(tmp_path, f"[tool.sseproxy]\n{text}", "pyproject.toml") == expected


def test_a_pyproject_of_others_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nport = 1\n")
    assert read_config(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "no option is called 'prot'; did you mean 'port'?"),
        ("zzzzzzz = 1", "no option is called 'zzzzzzz'"),
        ("port = [1, 2]", "'port' should be a string or a number"),
        ("port = true", "'port' should be a string or a number"),
        ("cassettes = ['a']", "'cassettes' should be a string or a number"),
        ("grace = 2026-01-01", "'grace' should be a string or a number"),
        ("insecure = 1", "'insecure' should be true or false"),
        ("upstream = 5", "'upstream' should be a string or a list of them"),
        ("upstream = [5]", "'upstream' should be a string or a list of them"),
        ("port = ", "sseproxy.toml: "),
        (
            "[lint]\nseverity = 'info'",
            "no table is called [lint]; options such as 'severity' stand outside of tables;"
            " there are [contracts], [match], [redact]",
        ),
        ("[mtach]\nignore = ['$.a']", "no table is called [mtach]; did you mean [match]?"),
        ("[insecure]", "no table is called [insecure]; options stand outside of tables"),
    ],
)
def test_what_is_wrong_in_it_is_one_sentence_that_names_file_and_key(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(SseproxyError, match=r"sseproxy\.toml") as caught:
        given(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--grace", "nan"), "'nan' is no number of seconds"),
        (("--idle-timeout", "inf"), "'inf' is no number of seconds"),
        (("--connect-timeout", "nan"), "'nan' is no number of seconds"),
        (("--keep", "0"), "--keep '0' would keep nothing"),
        (("--keep", "0GB"), "--keep '0GB' would keep nothing"),
    ],
)
def test_no_recorder_starts_with_a_bound_that_makes_no_sense(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = sseproxy("record", "--upstream", "demo", "--cassettes", tmp_path, "--port", "0", *arguments)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_proxy_in_front_of_itself_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    arguments = ("--upstream", f"http://localhost:{port}", "--port", port, "--cassettes", tmp_path)
    done = sseproxy("record", *arguments)
    assert done.status == 2
    assert "is this proxy itself" in done.err
