"""Several processes that serve one port, and the parent that looks after them.

The kernel deals connections out among those who listen on a port (SO_REUSEPORT). What must be one for all
(the order of repeated answers, the page of figures) is the parent's, and each worker has a pipe to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from sseproxy.signals import stop_signals

log = logging.getLogger("sseproxy.workers")

Work = Callable[[int, "Pipe"], int]
"""What a worker does, with its number from 0 on and its pipe; it gives an exit status."""
Answers = Mapping[str, Callable[[Any], object]]
"""What the other end of a pipe may ask, by name, each question with one argument."""
STOP = "stop"
"""What a worker is asked when it is to stop."""


class Pipe:
    """One end: questions out and their answers in, in order, and the same the other way round."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, answers: Answers, on_closed: Callable[[], None]) -> None:
        """Listens from here on. `on_closed` is called when the other end has died."""
        self._answers = answers
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._connection.fileno(), self._readable)
        os.set_blocking(self._connection.fileno(), True)  # uvloop takes it away, and `ask_now` waits

    def ask(self, name: str, argument: object = None) -> asyncio.Future[Any]:
        """The other end's answer; None where it dies before it gives one."""
        reply = asyncio.get_running_loop().create_future()
        try:
            self._connection.send(("ask", name, argument))
            self._asked.append(reply)
        except OSError:
            reply.set_result(None)
        return reply

    def ask_now(self, name: str, argument: object = None) -> Any:
        """The answer, waited for here and now: for what takes the other end no time and happens seldom."""
        reply = self.ask(name, argument)
        while not reply.done():
            self._hear()
        return reply.result()

    def close(self) -> None:
        if not self._connection.closed:
            if self._loop:
                self._loop.remove_reader(self._connection.fileno())
            self._connection.close()
        while self._asked:
            self._answered(None)

    def _readable(self) -> None:
        # `ask_now` may have heard already what this was called for.
        while not self._connection.closed and self._connection.poll():
            self._hear()

    def _hear(self) -> None:
        try:
            message = self._connection.recv()
        except (EOFError, OSError):
            self.close()
            self._on_closed()
            return
        if message[0] == "ask":
            self._answer(*message[1:])
        else:
            self._answered(message[1])

    def _answer(self, name: str, argument: object) -> None:
        try:
            answer = self._answers[name](argument)
        except Exception:
            log.exception("a fault of sseproxy: one process asked another for %r", name)
            answer = None  # whoever waits for it must not wait for ever
        with contextlib.suppress(OSError):  # who asked has died, which is heard next
            self._connection.send(("answer", answer))

    def _answered(self, value: object) -> None:
        reply = self._asked.popleft()
        if not reply.done():
            reply.set_result(value)


class Crew:
    """The workers, seen from their parent."""

    def __init__(self, count: int, work: Work) -> None:
        """Forks at once, which has to be before there is an event loop, a thread or a connection."""
        fork = multiprocessing.get_context("fork")
        self._processes: list[BaseProcess] = []
        self._pipes: list[Pipe] = []
        ours: list[Connection] = []
        for number in range(count):
            our_end, their_end = fork.Pipe()
            ours.append(our_end)
            process = fork.Process(target=_work, args=(work, number, their_end, tuple(ours)))
            process.start()
            their_end.close()
            self._processes.append(process)
            self._pipes.append(Pipe(our_end))
        self._ending = False

    def open(self, answers: Answers, on_lost: Callable[[], None]) -> None:
        """Listens to all from here on. `on_lost` is called when one has ended without being told to."""
        self._on_lost = on_lost
        for process, pipe in zip(self._processes, self._pipes, strict=True):
            pipe.open(answers, lambda process=process: self._lost(process))  # type: ignore[misc]

    async def ask(self, name: str) -> list[Any]:
        """The answers of those workers that are there."""
        answers = await asyncio.gather(*(pipe.ask(name) for pipe in self._pipes))
        return [answer for answer in answers if answer is not None]

    def stop(self) -> None:
        """Asks all to stop; each takes the time that its streams have."""
        self._ending = True
        for pipe in self._pipes:
            pipe.ask(STOP)

    def close(self) -> None:
        """Lets go of all: who has no parent any more stops by itself."""
        for pipe in self._pipes:
            pipe.close()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()

    async def wait(self) -> int:
        """Returns when all have ended: the highest of their exit statuses, 1 for one that was killed."""
        loop = asyncio.get_running_loop()
        for process in self._processes:
            ended = asyncio.Event()
            loop.add_reader(process.sentinel, ended.set)
            await ended.wait()
            loop.remove_reader(process.sentinel)
            process.join()
        statuses = [process.exitcode or 0 for process in self._processes]
        return max(status if status >= 0 else 1 for status in statuses)

    def _lost(self, process: BaseProcess) -> None:
        if not self._ending:
            log.error("a worker has died, and its streams with it (process %s)", process.pid)
            self._on_lost()


def _work(
    work: Callable[[int, Pipe], int], number: int, end: Connection, others: tuple[Connection, ...]
) -> None:
    for other in others:
        other.close()  # else nobody would hear of the parent's death
    for asked in stop_signals():  # terminals and service managers tell parent and workers
        signal.signal(asked, signal.SIG_IGN)
    sys.exit(work(number, Pipe(end)))
