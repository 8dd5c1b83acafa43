"""The terminal sessions of README.md and docs/: `python -m tests.docs_sessions` runs and rewrites them.

A session is a `console` block under a line `<!-- session -->`. It runs in a folder of its own, with the files
that the page's blocks before it name in their first line (`# test_chat.py`). In the background one server can
run, which tells a line when it is there and one for each command that talks to it.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "docs" / "testing.md"]
SESSION = re.compile(r"(?<=^<!-- session -->\n```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
FILE = re.compile(r"^```python\n(# (\w+\.py)\n.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8080"
"""Where servers listen in the pages; the run takes a free one."""


class Terminal:
    """A folder in which commands are run one after the other, and the server that runs beside them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])
        self._server: subprocess.Popen[str] | None = None
        # pytest cuts lines to the terminal's width, and none where it knows that it runs in CI.
        others = ("SSEPROXY_", "PYTEST_", "CI", "BUILD_NUMBER")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(others)},
            "COLUMNS": "80",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SSEPROXY_PORT": self._port,
            # As where nothing but the package and pytest is installed.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": "sseproxy.pytest_plugin",
        }

    def run(self, command: str) -> str:
        """What the command prints, and what the server says of it."""
        if command == "kill %1":
            return self.close()
        process = subprocess.Popen(
            ["bash", "-c", command.removesuffix(" &").replace(PORT, self._port)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if command.endswith(" &"):
            self._server = process
            told = ""
        else:
            told, _ = process.communicate()
        return (told + self._line()).replace(self._port, PORT)

    def _line(self) -> str:
        return self._server.stdout.readline() if self._server and self._server.stdout else ""

    def close(self) -> str:
        """Stops the server, and gives its last words."""
        if self._server is None:
            return ""
        self._server.terminate()
        told, _ = self._server.communicate()
        self._server = None
        return told.replace(self._port, PORT)


def sessions(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The sessions of a page, and the files that each finds there."""
    for found in SESSION.finditer(text):
        yield found[1], {name: body for body, name in FILE.findall(text[: found.start()])}


def rerun(session: str, files: dict[str, str]) -> str:
    """The session as it goes now."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, body in files.items():
            Path(scratch, name).write_text(body, encoding="utf-8")
        terminal = Terminal(Path(scratch))
        try:
            shown = "".join(f"$ {command}\n{terminal.run(command)}" for command in COMMAND.findall(session))
        finally:
            terminal.close()
    return re.sub(" +$", "", shown, flags=re.MULTILINE)


def lasting(session: str) -> str:
    """The session without what no two runs have in common: times, ids, and how wide a column is for them."""
    without = re.sub(r"\b01[0-9A-Z]{14}\b", "ID", session)
    without = re.sub(r"\d+", "0", without)
    return re.sub(r" {2,}|-{3,}|_{3,}|={3,}", " ", without)


def rewritten(text: str, run: Callable[[str, dict[str, str]], str] = rerun) -> str:
    """The page with its sessions run anew."""
    new = [run(*each) for each in sessions(text)]
    return SESSION.sub(lambda _: new.pop(0), text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
