"""Runs a client's program, as its user would, against any server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.matrix import FOLDER, PROGRAMS, PROXY, Needs
from tests.support.process import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 100.0
"""Seconds that a program may take: a browser on a busy machine is slow, and never waited for so long."""
NOTICED = 1.0
"""Seconds within which a server learns that a reader has left."""
MODULES = FOLDER / "node_modules"
_STEP = "npm install --prefix tests/clients --no-package-lock"


def require(needs: Needs | None) -> None:
    """Skips the test where a client can't be run; where all is run (CI=true) that is a failure."""
    missing = _missing(needs) if needs else ""
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def _missing(needs: Needs) -> str:
    if needs is Needs.CURL:
        return "" if shutil.which("curl") else "no curl on this machine"
    if not shutil.which("node"):
        return "no Node.js on this machine"
    if not MODULES.is_dir():
        return f"the npm packages are not installed: {_STEP}"
    return "no Chromium on this machine" if needs is Needs.CHROMIUM and not CHROMIUM else ""


@dataclass(frozen=True, slots=True)
class Program:
    """What a user of a client has written."""

    language: str
    """As fenced blocks name it."""
    text: str

    def at(self, url: str) -> list[str]:
        """The command that runs it with this server in place of the proxy."""
        text = self.text.replace(PROXY, url)
        match self.language:
            case "python":
                return [sys.executable, "-c", text]
            case "javascript":
                return ["node", "--input-type=module", "--eval", text]
            case "typescript":
                return ["node", str(MODULES / "tsx/dist/cli.mjs"), "--eval", text]
            case _:
                return ["bash", "-c", f"exec {text}"]

    def events(self, out: str) -> list[Any]:
        """What it printed: an event is a line of JSON. cURL knows of no events: the data of each block."""
        if self.language == "sh":
            return [json.loads(line) for line in re.findall(r"^data:(.*)\n\n", out, re.MULTILINE)]
        return [json.loads(line) for line in out.splitlines() if line[:1] in tuple('{["')]


_LANGUAGES = {".py": "python", ".mjs": "javascript", ".ts": "typescript", ".sh": "sh"}


def program(name: str) -> Program:
    """One of tests/clients/programs."""
    path = PROGRAMS / name
    return Program(_LANGUAGES[path.suffix], path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Used:
    """What a client's user got to see."""

    status: int
    """Of the program."""
    events: list[Any]
    complaint: str = ""
    """What the program wrote to stderr."""


@contextlib.asynccontextmanager
async def _running(
    program: Program, url: str, leave_after: int, env: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *program.at(url),
        cwd=FOLDER,
        # The programs import tests.clients.reading, and nothing else of ours.
        env={**kept, "PYTHONPATH": str(FOLDER.parent.parent), "LEAVE_AFTER": str(leave_after)}
        | ({"CHROMIUM": CHROMIUM} if CHROMIUM else {})
        | dict(env),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def use(program: Program, url: str, env: Mapping[str, str] | None = None) -> Used:
    """Runs a program to its end."""
    async with _running(program, url, 0, env or {}) as process, asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Used(process.returncode, program.events(out.decode()), err.decode())


@contextlib.asynccontextmanager
async def leaving(
    program: Program, url: str, after: int, env: Mapping[str, str] | None = None
) -> AsyncIterator[list[Any]]:
    """Runs a program whose reader leaves in the middle; the value is what it was given till then.

    Its process is still there, unless it left by ending.
    """
    async with _running(program, url, after, env or {}) as process:
        assert process.stdout
        out = ""
        async with asyncio.timeout(PATIENCE):
            while (line := (await process.stdout.readline()).decode()) not in ("left\n", ""):
                out += line
                if program.language == "sh" and len(program.events(out)) == after:
                    process.send_signal(signal.SIGINT)  # as Ctrl-C
        yield program.events(out)


@contextlib.asynccontextmanager
async def recording(upstream: str, cassettes: Path) -> AsyncIterator[str]:
    """`sseproxy record` in front of an upstream; stopped so that all its cassettes are done."""
    async with server("record", "--upstream", upstream, "--cassettes", cassettes) as (process, url):
        yield url
        process.terminate()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0


@contextlib.asynccontextmanager
async def replaying(cassettes: Path, speed: str = "max", options: Sequence[str] = ()) -> AsyncIterator[str]:
    """`sseproxy replay` of these cassettes."""
    async with server("replay", "--cassettes", cassettes, "--speed", speed, *options) as (_, url):
        yield url
