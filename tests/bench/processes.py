"""Programs under test: started, watched from outside, ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.tools import MissingToolError, program
from tests.bench.workloads import Workload

PATIENCE = 60.0
"""Seconds for a program to begin or to end."""
IDLE = 0.002
"""Seconds of CPU within 50 ms under which a program is done with what it does behind the stream."""


class BrokenRunError(Exception):
    """A program under test, or the stream through it, was not as it should be."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens. `process` is None where there is nothing between client and upstream."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    def tree(self) -> list[int]:
        """The ids of the process and of all below it."""
        if self.process is None:
            return []
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def cpu(self) -> float:
        """Seconds of user and system time, of threads that have ended too."""
        return sum(map(_cpu, self.tree()))

    def settled_cpu(self) -> float:
        """The same, once what was left to do behind the stream is done."""
        before, now = -1.0, self.cpu()
        deadline = time.monotonic() + PATIENCE
        while now - before > IDLE and time.monotonic() < deadline:
            time.sleep(0.05)
            before, now = now, self.cpu()
        return now

    def peak_memory(self) -> int:
        """Bytes: the largest resident set of each process, summed."""
        return sum(map(peak_memory, self.tree()))


def _cpu(pid: int) -> float:
    with contextlib.suppress(OSError):
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a process id
    return 0.0


def peak_memory(pid: int) -> int:
    """Bytes: the largest resident set of one process; 0 where it has ended."""
    with contextlib.suppress(OSError):
        if found := re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
            return int(found[1]) * 1024
    return 0


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """What is started within gets a processor before all else, most of the kernel's own work included.

    Raises MissingToolError where we may not.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        raise MissingToolError("real-time scheduling is root's alone here") from None
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """Ours, without settings that sseproxy would take from it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SSEPROXY_")}


@contextlib.contextmanager
def upstream(fault: str = "") -> Iterator[int]:
    """The C server; the value is its port."""
    command: list[str | Path] = [program("upstream"), *([fault] if fault else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextlib.contextmanager
def server(command: Sequence[str | Path], port: int, folder: Path) -> Iterator[Running]:
    """A server on this port, ended by SIGTERM. Raises BrokenRunError where it does not begin or end well."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=clean_environment(),
        )
    try:
        _await_listening(process, port, log)
        yield Running(port, process)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.returncode not in (0, -signal.SIGTERM):
            raise BrokenRunError(f"{command[0]} ended with {process.returncode}: {_tail(log)}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.002)
    raise BrokenRunError(f"{process.args!r} does not listen: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:].strip()


@dataclass(frozen=True, slots=True)
class Load:
    """What the client met. Times in seconds where nothing else is said."""

    events: int
    seconds: float
    client_cpu: float
    wrong: dict[str, int]
    """Events lost, doubled, reordered, altered, and streams broken, unfinished: how many, zeros left out."""
    first: dict[str, float]
    """From the request to the first event: p50, p99, max in microseconds."""
    times: dict[str, float]
    """The same of each event: its way, or how far it was from its due time."""
    drift: float | None
    """Microseconds by which the last events of a replayed stream are later than the first."""


def load(workload: Workload, port: int) -> Load:
    """Runs the C client. What is wrong with the events is told, not raised."""
    done = subprocess.run(
        [program("client"), *workload.options(port)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise BrokenRunError(f"the client ended with {done.returncode}: {done.stderr.decode()}")
    told = json.loads(done.stdout)
    kinds = ("lost", "doubled", "reordered", "altered", "broken", "unfinished")
    return Load(
        told["events"],
        told["seconds"],
        told["client_cpu"],
        {kind: told[kind] for kind in kinds if told[kind]},
        told.get("first_us", {}),
        told.get("latency_us") or told.get("error_us", {}),
        told.get("drift_us"),
    )


def checked_load(workload: Workload, port: int) -> Load:
    """The same. Raises BrokenRunError where a single event is not as it should be."""
    met = load(workload, port)
    if met.wrong or met.events != workload.total:
        raise BrokenRunError(f"{met.events} of {workload.total} events came; wrong: {met.wrong}")
    return met
