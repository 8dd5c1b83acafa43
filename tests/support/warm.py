"""`sseproxy` as a process that need not import anything: it is forked from one that has imported all.

Nearly all of a command's start is imports: a third of a second of them, and two thirds for a server. The
tests start hundreds, and it was a third of their time. What such a process can't show is that a fresh
interpreter starts, and what it imports: tests/cli/test_program.py does.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL

from tests.support import warm_process
from tests.support.warm_process import LONGEST, NUMBER


class Child:
    """A command that was started here."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        (self.pid,) = NUMBER.unpack(told.recv(NUMBER.size))
        self._status: int | None = None

    @property
    def returncode(self) -> int | None:
        """Its exit status, if it has ended; negative where a signal ended it."""
        if self._status is None:
            with contextlib.suppress(BlockingIOError):
                (self._status,) = NUMBER.unpack(self._told.recv(NUMBER.size, socket.MSG_DONTWAIT))
                self._told.close()
        return self._status

    def waited(self, seconds: float) -> int:
        """Its exit status, waited for so long at most. Raises TimeoutError."""
        while (status := self.returncode) is None:
            if select.select([self._told], [], [], seconds) == ([], [], []):
                raise TimeoutError(f"process {self.pid} still runs")
        return status

    async def wait(self) -> int:
        """Its exit status, once it has one."""
        loop = asyncio.get_running_loop()
        while (status := self.returncode) is None:
            with self._told.dup() as mine:  # others may wait as well
                readable = asyncio.Event()
                loop.add_reader(mine, readable.set)
                try:
                    await readable.wait()
                finally:
                    loop.remove_reader(mine)
        return status

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    cwd: Path | None = None,
    stdout: int = 1,
    stderr: int = 2,
) -> Child:
    """A command with this environment, nothing on stdin, and these descriptors, of which it has copies."""
    order = json.dumps([[*map(str, arguments)], dict(environment), str(cwd or Path.cwd())]).encode()
    assert len(order) <= LONGEST
    ours, theirs = socket.socketpair()
    with theirs, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - its number
        socket.send_fds(_warmed(), [order], [nothing.fileno(), stdout, stderr, theirs.fileno()])
    return Child(ours)


@functools.cache
def _warmed() -> socket.socket:
    """What takes orders to a process that has imported all; one for all tests of this process."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        command = (sys.executable, "-P", warm_process.__file__, str(theirs.fileno()))
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=DEVNULL)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
