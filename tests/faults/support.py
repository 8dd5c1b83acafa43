"""The commands as processes whose surroundings can be made to fail, and a look at what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.net import PATIENCE, fetch
from tests.support.process import kill, started
from tests.support.warm import Child

MIB = 2**20
TURNS = 100
"""Turns of an event loop in which it has finished what is due already."""


@dataclass(slots=True)
class Program:
    """A command that listens."""

    process: Child
    url: str = ""
    admin: str = ""
    """Where it serves /metrics, if it does."""
    said: list[str] = field(default_factory=list)
    """The lines on its stderr behind the announcement, as far as they have come."""

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    def memory(self, name: str) -> int:
        """Bytes: VmRSS now, VmHWM at its height."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"(?m)^{name}:\s+(\d+) kB$", text)
        assert found
        return int(found[1]) * 1024

    def descriptors(self) -> list[int]:
        return sorted(int(path.name) for path in Path(f"/proc/{self.process.pid}/fd").iterdir())

    async def turn(self) -> None:
        """Returns when its event loop has answered, and so has had a turn."""
        response = await fetch(self.admin or self.url, get("/healthz"))
        assert response.fate == "whole"

    async def figures(self) -> dict[str, float]:
        """Its metrics: `name` or `name{label}`, one label being all that ours have."""
        response = await fetch(self.admin, get("/metrics"))
        return {
            sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(response.body.decode())
            for sample in family.samples
        }

    def limit(self, which: int, soft: int) -> None:
        """Sets one of its resource limits while it runs: the kernel refuses from here on."""
        _, hard = resource.prlimit(self.process.pid, which)
        resource.prlimit(self.process.pid, which, (soft, hard))

    def unlimit(self, which: int) -> None:
        _, hard = resource.prlimit(self.process.pid, which)
        resource.prlimit(self.process.pid, which, (hard, hard))


@contextlib.asynccontextmanager
async def program(*arguments: str | Path) -> AsyncIterator[Program]:
    """A command on a free port, killed at last; a recorder has an admin port as well."""
    extra = ("--admin-port", "0") if arguments[0] == "record" else ()
    async with started((*arguments, *extra, "--port", "0")) as (process, stderr):
        running = Program(process)
        async with asyncio.timeout(PATIENCE):
            await _announced(running, stderr)
        listening = asyncio.create_task(_listen(running, stderr))
        try:
            yield running
        finally:
            kill(process)
            await listening


async def _announced(program: Program, stderr: asyncio.StreamReader) -> None:
    said = b""
    while line := await stderr.readline():
        said += line
        if found := re.search(rb"(http://\S+)/metrics and /healthz", line):
            program.admin = found[1].decode()
        if found := re.search(rb"(http://\S+) (?:records|replays) ", line):
            program.url = found[1].decode()
            return
    raise AssertionError(f"it ended without an announcement: {said.decode()}")


async def _listen(program: Program, stderr: asyncio.StreamReader) -> None:
    while line := await stderr.readline():
        program.said.append(line.decode().rstrip("\n"))


Turn = Callable[[], Awaitable[object]]
"""Gives whoever has to bring something about the time to, by asking it something else."""


async def until(condition: Callable[[], bool], turn: Turn) -> None:
    """Goes on only when the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await turn()


async def comes_true(condition: Callable[[], bool], turn: Turn) -> bool:
    """Whether the condition holds within so many turns that it would by now."""
    for _ in range(TURNS):
        if condition():
            return True
        await turn()
    return condition()


async def until_it_stands(figure: Callable[[], int], turn: Turn) -> None:
    """Goes on when the figure has stayed the same for a hundred turns: nothing moves any more."""
    seen, same = figure(), 0
    async with asyncio.timeout(PATIENCE):
        while same < TURNS:
            await turn()
            same = same + 1 if figure() == seen else 0
            seen = figure()


def get(target: str, *, stay: bool = False) -> bytes:
    close = "" if stay else "Connection: close\r\n"
    return f"GET {target} HTTP/1.1\r\nHost: recorded\r\n{close}\r\n".encode()


def open_files() -> Counter[str]:
    """What this process has open: sockets by their kind alone, for their numbers are never the same."""
    found: Counter[str] = Counter()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the listing itself
            found[re.sub(r":\[\d+\]$", "", str(path.readlink()))] += 1
    del found["/dev/null"]  # uvloop opens it once, for when there are no descriptors left
    return found


def recordings(folder: Path) -> list[Path]:
    """The cassettes in a folder, whole or not, the oldest first."""
    return sorted(folder.glob("*.sse.jsonl*"))


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


@contextlib.asynccontextmanager
async def leaves_nothing(folder: Path) -> AsyncIterator[None]:
    """Fails where tasks, sockets or open files outlive what was done inside, or a cassette is a `.part`."""
    tasks, files = asyncio.all_tasks(), open_files()
    yield
    for _ in range(TURNS):
        if asyncio.all_tasks() == tasks and open_files() == files:
            break
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert open_files() == files
    assert parts(folder) == []


@contextlib.contextmanager
def many_descriptors() -> Iterator[None]:
    """As many open files as this process may have at most; its children inherit that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
