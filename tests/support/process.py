"""`sseproxy` as users run it: a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.net import PATIENCE

COMMAND = (sys.executable, "-m", "sseproxy")


def _environment() -> dict[str, str]:
    """Ours, without settings that a command would take from it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SSEPROXY_")}


@dataclass(frozen=True, slots=True)
class Result:
    status: int
    out: bytes
    err: bytes


async def run(*arguments: str | Path) -> Result:
    """A command from its start to its end."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *map(str, arguments), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=_environment()
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Result(process.returncode, out, err)


@contextlib.asynccontextmanager
async def server(*arguments: str | Path, under: Sequence[str] = ()) -> AsyncIterator[tuple[Process, str]]:
    """A command that listens, on a free port, and the URL that it announces; killed at last.

    `under`: the words of a program, such as a tracer, that runs the command.
    """
    process = await asyncio.create_subprocess_exec(
        *under, *COMMAND, *map(str, arguments), "--port", "0", stdin=DEVNULL, stderr=PIPE, env=_environment()
    )
    assert process.stderr
    try:
        url = await _announced(process.stderr)
        # A log that nobody takes would stop the process once the pipe is full.
        log = asyncio.create_task(process.stderr.read())
        try:
            yield process, url
        finally:
            _kill(process)
            await log
    finally:
        _kill(process)
        await process.wait()


def _kill(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def _announced(log: asyncio.StreamReader) -> str:
    said = b""
    async with asyncio.timeout(PATIENCE):
        while line := await log.readline():
            said += line
            if match := re.search(rb"http://127\.0\.0\.1:\d+(?= (?:records|replays) )", line):
                return match[0].decode()
    raise AssertionError(f"it ended without an announcement: {said.decode()}")
