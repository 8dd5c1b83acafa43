"""Defaults from `sseproxy.toml` or `pyproject.toml` in the present folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import address, bound_socket, complaint, sseproxy

BAD = {
    "no TOML": ("sseproxy.toml", "port =", "sseproxy.toml: "),
    "no text": ("sseproxy.toml", "\xff", "sseproxy.toml: "),
    "no TOML in the project's": ("pyproject.toml", "[tool.sseproxy", "pyproject.toml: "),
    "a key that there is not": (
        "sseproxy.toml",
        "prot = 1",
        "sseproxy.toml: no option is called 'prot'; did you mean",
    ),
    "a bad value": ("sseproxy.toml", 'port = "http"', "Invalid value for '--port'"),
}


@pytest.mark.parametrize(("name", "content", "problem"), BAD.values(), ids=list(BAD))
def test_a_file_that_is_wrong_is_told_in_one_line(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    assert complaint(sseproxy("record", "--upstream", "demo", cwd=tmp_path)).startswith(problem)


def test_the_file_comes_behind_the_environment_and_that_behind_options(tmp_path: Path) -> None:
    with bound_socket() as taken:
        port = str(address(taken).port)
        (tmp_path / "sseproxy.toml").write_text('upstream = "demo"\nport = 1\nhost = "192.0.2.1"\n')
        outcome = sseproxy("record", "--host", "127.0.0.1", cwd=tmp_path, env={"SSEPROXY_PORT": port})
    assert complaint(outcome).startswith(f"can't listen on 127.0.0.1:{port}: ")
