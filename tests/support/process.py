"""`sseproxy` as users run it: a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.net import PATIENCE
from tests.support.warm import Child, start

COMMAND = (sys.executable, "-m", "sseproxy")


def environment() -> dict[str, str]:
    """Ours, without settings that a command would take from it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SSEPROXY_")}


@dataclass(frozen=True, slots=True)
class Result:
    status: int
    out: bytes
    err: bytes


async def run(*arguments: str | Path) -> Result:
    """A command from its start to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(arguments, environment(), stdout=out.fileno(), stderr=err.fileno())
        async with asyncio.timeout(PATIENCE):
            status = await process.wait()
        out.seek(0)
        err.seek(0)
        return Result(status, out.read(), err.read())


@contextlib.asynccontextmanager
async def started(arguments: Sequence[str | Path]) -> AsyncIterator[tuple[Child, asyncio.StreamReader]]:
    """A command, and what it writes on stderr; killed at last."""
    reading, writing = os.pipe()
    with io.FileIO(writing, "w"):
        process = start(arguments, environment(), stderr=writing)
    log = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(log), io.FileIO(reading)
    )
    try:
        yield process, log
    finally:
        kill(process)
        await process.wait()
        transport.close()


@contextlib.asynccontextmanager
async def _fresh(
    under: Sequence[str], arguments: Sequence[str | Path]
) -> AsyncIterator[tuple[Process, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        *under, *COMMAND, *map(str, arguments), stdin=DEVNULL, stderr=PIPE, env=environment()
    )
    assert process.stderr
    try:
        yield process, process.stderr
    finally:
        kill(process)
        await process.wait()


@contextlib.asynccontextmanager
async def server(
    *arguments: str | Path, under: Sequence[str] = (), forked: bool = True
) -> AsyncIterator[tuple[Child | Process, str]]:
    """A command that listens, on a free port, and the URL that it announces; killed at last.

    `under`: the words of a program, such as a tracer, that runs the command. Where it is not to be `forked`
    it is a child of this process.
    """
    words = (*arguments, "--port", "0")
    async with started(words) if forked and not under else _fresh(under, words) as (process, stderr):
        url = await _announced(stderr)
        # A log that nobody takes would stop the process once the pipe is full.
        log = asyncio.create_task(stderr.read())
        try:
            yield process, url
        finally:
            kill(process)
            await log


def kill(process: Child | Process) -> None:
    """If it still runs."""
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
