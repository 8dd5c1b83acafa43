"""The processes of a command with workers."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.faults.support import Program
from tests.support.net import eventually


def workers(program: Program) -> list[int]:
    """The ids of its workers, the first of them first."""
    pid = program.process.pid
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended may wait for its parent to hear of it."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] != "Z"
    return False


async def all_gone(pids: list[int]) -> None:
    """Returns when none of them runs any more."""
    await eventually(lambda: not any(map(is_running, pids)))
