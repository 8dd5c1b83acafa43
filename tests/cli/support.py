"""The command line as its users run it: a process, its output, its exit status."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.warm import start

PATIENCE = 30.0
"""Seconds after which a wait has failed; nothing here is ever waited for that long."""
COMMAND = (sys.executable, "-m", "sseproxy")
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("SSEPROXY_")
    and name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING")
} | {"TERM": "xterm-256color"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished command left."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()


def pipe() -> tuple[io.FileIO, io.FileIO]:
    """Where to read, and where to write."""
    reading, writing = os.pipe()
    return io.FileIO(reading), io.FileIO(writing, "w")


class Command:
    """A command that has been started, its output in pipes."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdout: int | None = None,
    ) -> None:
        self.stdout, out = pipe()
        self.stderr, err = pipe()
        with out, err:
            environment = {**ENVIRONMENT, **(env or {})}
            stdout = out.fileno() if stdout is None else stdout
            self.process = start(arguments, environment, cwd=cwd, stdout=stdout, stderr=err.fileno())

    def ended(self) -> Outcome:
        """What it left, and what of its output nobody has read yet. It is killed if it does not end."""
        late = threading.Timer(PATIENCE, self.process.kill)
        late.start()
        with ThreadPoolExecutor() as readers:
            stdout, stderr = readers.map(_rest, (self.stdout, self.stderr))
        late.cancel()
        return Outcome(self.process.waited(PATIENCE), stdout, stderr)


def _rest(pipe: io.FileIO) -> bytes:
    if pipe.closed:
        return b""
    with pipe:
        return pipe.readall()


def sseproxy(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout: int | None = None,
) -> Outcome:
    """Runs a command to its end. `stdout`: the number of a file that its output goes to."""
    return Command(arguments, env, cwd, stdout).ended()


def good(*arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What a command prints that has nothing to complain about."""
    outcome = sseproxy(*arguments, env=env)
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.out


def complaint(outcome: Outcome) -> str:
    """The one line of an error, without `Error: ` and the hint at help that wrong usage gets."""
    assert outcome.status == 2, outcome
    (line,) = outcome.err.splitlines()
    assert line.startswith("Error: ")
    return re.sub(r" Try '.* --help'\.$", "", line.removeprefix("Error: "))


def in_terminal(*arguments: str | Path, columns: int = 100, env: Mapping[str, str] | None = None) -> str:
    """What a command prints in a terminal."""
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "COLUMNS": str(columns), **(env or {})}
    process = start(arguments, environment, stdout=theirs)
    os.close(theirs)
    printed = bytearray()
    with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # noqa: PTH123 - a number
        while piece := terminal.read(65_536):
            printed += piece  # Linux ends a terminal with an error, others with nothing
    process.waited(PATIENCE)
    return printed.decode().replace("\r\n", "\n")


class Server(Command):
    """A `record` or `replay`, from the line on stderr that names its address."""

    url = ""

    def announced(self) -> str:
        """The line that tells that the server listens."""
        line = self.stderr.readline().decode()
        address = re.search(r"http://\S+", line)
        assert address, line + self.stop(signal.SIGKILL).err
        self.url = address[0]
        return line.rstrip("\n")

    def stop(self, how: int = signal.SIGTERM) -> Outcome:
        """Sends the signal; what the process left, and what nobody has read yet of what it wrote."""
        self.process.send_signal(how)
        return self.ended()


@contextmanager
def serving(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Runs a server on a free port."""
    server = Server((*arguments, "--port", "0"), env)
    try:
        server.announced()
        yield server
    finally:
        if server.process.returncode is None:
            server.stop(signal.SIGKILL)


class Address(NamedTuple):
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def bound_socket() -> socket.socket:
    """A socket on a port that is in use but refuses connections, for nobody listens yet."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def address(sock: socket.socket) -> Address:
    return Address(*sock.getsockname())


@contextmanager
def upstream(script: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that runs the script for its first connection and then closes it; the value is its URL."""
    with bound_socket() as listener:
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    script(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield address(listener).url
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
            thread.join(PATIENCE)


def request_head(connection: socket.socket) -> bytes:
    """Reads a request's head, and what of its body came with it."""
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(65_536)):
        head += more
    return head
