"""`lint --follow`: findings as they happen; and the same beside a recorder, for `record --lint`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import FrameType

import click
import orjson

from sseproxy.analysis.lint import Expectations, Finding
from sseproxy.cli.expectations import as_options
from sseproxy.errors import CassetteError, SseproxyError
from sseproxy.follow import Follower
from sseproxy.printable import printable
from sseproxy.signals import stop_signals

log = logging.getLogger("sseproxy.lint")

INTERVAL = 0.1
"""Seconds between two looks at the folder."""
BEHIND = 4 * 1024 * 1024
"""Bytes that may wait before it is said that lint is behind."""
_READY = "sseproxy: lint follows"
_POLITE = 10  # what is added to the process's niceness: recorder and client come first
_PATIENCE = 10.0  # seconds that lint may take for what is left when its recorder stops


def follow(folder: Path, expectations: Expectations, show: Callable[[Finding], bool]) -> int:
    """Looks until a signal to stop comes or its parent is gone, and then to the end of what is written.

    `show` prints a finding, if it is one to be shown. Gives the exit status.
    """
    stopped_by = 0

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stopped_by
        stopped_by = number

    for number in stop_signals():
        signal.signal(number, stop)
    if hasattr(os, "nice"):
        os.nice(_POLITE)
    parent = os.getppid()
    unread = False

    def tell(error: CassetteError) -> None:
        nonlocal unread
        unread = True
        click.echo(f"Error: {printable(str(error))}", err=True)

    follower = Follower(folder, expectations, tell)
    click.echo(f"{_READY} {printable(str(folder))}", err=True)
    found = told_behind = False
    while True:
        last = bool(stopped_by) or os.getppid() != parent
        for finding in follower.poll():
            found |= show(finding)
        sys.stdout.flush()
        told_behind = _tell_behind(follower.behind, told_behind)
        if last and not follower.behind:
            return 130 if stopped_by == signal.SIGINT else 2 if unread else int(found)
        if not follower.behind:
            time.sleep(INTERVAL)


def _tell_behind(behind: int, told: bool) -> bool:
    if behind > BEHIND and not told:
        click.echo(f"behind: {behind / 1e6:.1f} MB are not looked at yet", err=True)
        return True
    if told and not behind:
        click.echo("no longer behind", err=True)
        return False
    return told


@contextlib.asynccontextmanager
async def linting(folder: Path, expectations: Expectations) -> AsyncIterator[None]:
    """Findings of a folder in the log, from a process beside this one.

    What is recorded from now on is looked at. Raises SseproxyError where lint can't begin.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sseproxy", "lint", "--follow", "--json"),
        *as_options(expectations),
        folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the recorder, whose streams are to be looked at to their end
    )
    assert process.stdout
    assert process.stderr
    ready = (await process.stderr.readline()).decode("utf-8", "replace").strip()
    if not ready.startswith(_READY):
        await process.communicate()
        raise SseproxyError(f"lint can't begin: {ready.removeprefix('Error: ')}")
    stopping = False

    async def watch() -> None:
        assert process.stdout
        assert process.stderr
        await asyncio.gather(_log_findings(process.stdout), _log_lines(process.stderr))
        status = await process.wait()
        if not stopping:
            log.error("lint has stopped (exit status %d); recording goes on", status)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        stopping = True
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(watching, _PATIENCE)
        except TimeoutError:
            process.kill()
            log.error("lint was not done with what is recorded after %g s", _PATIENCE)
            await process.wait()


_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


async def _log_findings(lines: asyncio.StreamReader) -> None:
    async for line in lines:
        finding = orjson.loads(line)
        level = _LEVELS[finding["severity"]]
        what = f"{finding['code']} {finding['name']}: {finding['message']}"
        where = f"{finding['cassette']}:{finding['line']}"
        log.log(level, "%s (%s)", printable(what), printable(where), extra={"exchange": finding["id"]})


async def _log_lines(lines: asyncio.StreamReader) -> None:
    async for line in lines:
        log.warning("lint: %s", printable(line.decode("utf-8", "replace").rstrip()))
