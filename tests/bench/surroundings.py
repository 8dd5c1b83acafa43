"""What goes on beside a replay while its punctuality is measured."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from tests.bench import library
from tests.bench.cells import scratch
from tests.bench.processes import BrokenRunError, checked_load, free_port, server, upstream
from tests.bench.targets import record
from tests.bench.tools import ROOT
from tests.bench.workloads import PACED, Workload

Surroundings = Callable[[Path, int, Workload], AbstractContextManager[None]]
"""From sseproxy's program, the port of the replay, and what is measured there."""

BAIT = Workload("bait", "", events=400, size=16_384, gap=5_000, due=True)
"""What the bad clients ask for: more than waits in the kernel for one that does not read."""


@contextlib.contextmanager
def quiet(program: Path, port: int, workload: Workload) -> Iterator[None]:
    yield


@contextlib.contextmanager
def bad_clients(program: Path, port: int, workload: Workload) -> Iterator[None]:
    asked = library.request(0, BAIT)
    command = [sys.executable, "-m", "tests.bench.nuisance", str(port)]
    command += [asked.target.decode(), asked.body.decode()]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            yield
        finally:
            running = process.poll() is None
            process.kill()
    if not running:
        raise BrokenRunError("the bad clients gave up")


@contextlib.contextmanager
def recorder(program: Path, port: int, workload: Workload) -> Iterator[None]:
    """A recorder that writes a hundred paced streams for as long as the replay is expected to take."""
    events = round(workload.seconds * 1e6 / PACED.gap)
    with scratch() as folder, upstream() as behind:
        proxy = free_port()
        with (
            server(record(behind, proxy, folder, program=program), proxy, folder),
            ThreadPoolExecutor(1) as beside,
        ):
            passing = beside.submit(checked_load, replace(PACED, events=events), proxy)
            yield
            passing.result()
