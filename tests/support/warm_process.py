"""The process that tests.support.warm starts: it has imported all, and forks for each command."""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import struct
import sys

NUMBER = struct.Struct("i")
"""What is told of a process: its id at once, its exit status once it has ended, negative for a signal."""
LONGEST = 2**20
"""Bytes of an order: arguments, environment and working directory, in JSON."""


def main(orders: socket.socket) -> None:
    """Does one order after the other until nobody is left to give any."""
    _import_all()
    gc.freeze()  # or each process would copy the memory that its first collection looks at
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, LONGEST, 4)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _keep(order, descriptors)
            return
        for each in descriptors:
            os.close(each)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):  # keepers that are done
                pass


def _import_all() -> None:
    import click

    from sseproxy.cli import cli

    context = click.Context(cli)
    for name in cli.list_commands(context):
        cli.get_command(context, name)  # imports its module
    with contextlib.suppress(ImportError):  # not there for all, and imported late
        import uvloop  # noqa: F401


def _keep(order: bytes, descriptors: list[int]) -> None:
    """Waits for a process and tells of it; returns in the process itself, when the command has returned."""
    pid = os.fork()
    if pid == 0:
        _become(order, descriptors)
        return
    *streams, number = descriptors
    for stream in streams:
        os.close(stream)
    tell = socket.socket(fileno=number)
    try:
        tell.send(NUMBER.pack(pid))
    except BrokenPipeError:  # who started it has gone, and nobody else knows of it
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        tell.send(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(order: bytes, descriptors: list[int]) -> None:
    """Runs a command in what looks like a process of its own."""
    arguments, environment, cwd = json.loads(order)
    for stream, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, stream)
    for descriptor in descriptors:
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["sseproxy", *arguments]
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115 - numbers, open until the end
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
    try:
        runpy.run_module("sseproxy", run_name="__main__")
    except SystemExit as exit_:
        global _status
        _status = exit_.code if isinstance(exit_.code, int) else None
        raise


_status: int | None = None
"""The command's, once it has ended as it should."""


def _leave() -> None:
    """Ends the command's process; all threads have been joined by then, and all other exit functions run.

    Python would now free each object, which copies all the memory that was shared: three quarters of the
    time that `sseproxy --version` takes.
    """
    if _status is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)


if __name__ == "__main__":
    atexit.register(_leave)  # before anything is imported that registers others: the first is called last
    main(socket.socket(fileno=int(sys.argv[1])))
