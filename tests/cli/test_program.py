"""`sseproxy` itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sseproxy as package
from tests.cli.support import ENVIRONMENT, good, sseproxy


def test_the_version() -> None:
    assert good("--version") == f"sseproxy, version {package.__version__}\n"
    assert good("-V") == good("--version")


def test_help_lists_the_commands_on_stdout() -> None:
    assert "  replay    " in good("-h")


def test_without_a_command_it_gives_help_and_fails() -> None:
    outcome = sseproxy()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: ")


def test_the_script_and_the_module_are_one() -> None:
    script = Path(sys.executable).with_name("sseproxy")
    done = subprocess.run(
        [script, "ls", "none"], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Error: none: no such file or folder\n")


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("look", ("aiohttp", "httptools", "asyncio")),  # to look at cassettes needs no server,
        ("record", ("rich", "jsonpath", "sseproxy.analysis.diff")),  # and to serve needs no drawing:
        ("replay", ("rich", "jsonpath", "sseproxy.analysis.diff")),  # each takes memory, and time to start
    ],
)
def test_a_command_imports_no_more_than_it_needs(command: str, needless: tuple[str, ...]) -> None:
    code = f"import sys, sseproxy.cli.{command}; print(*{set(needless)} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
