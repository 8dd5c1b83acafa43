"""Runs a server until a signal comes: in this process, or in several workers."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import click

from sseproxy.admin import Figures, serve_admin
from sseproxy.errors import SseproxyError
from sseproxy.metrics import Metrics, merged
from sseproxy.server import reserve
from sseproxy.signals import HANG_UP, stop_signals
from sseproxy.workers import STOP, Answers, Crew, Pipe

try:
    import resource
except ImportError:  # Windows, where sockets have no such limit
    resource = None  # type: ignore[assignment]

GIVE_WAY = 0.0001
"""Seconds after which a thread that computes lets the event loop have a turn; Python's own are 5 ms."""
DESCRIPTORS = 32_768
"""For which there is room from the start."""
FEWEST, FEWEST_EACH = 28, 4
"""Descriptors without which no server begins, and those more for each worker; some are to spare."""
KEPT_MEMORY = 4 * 1024 * 1024
"""Bytes that may lie unused at the end of the heap."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h

READY, FAILED, FIGURES = "ready", "failed", "figures"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to serve, and with how many processes."""

    host: str
    port: int
    workers: int = 1
    admin_host: str = "127.0.0.1"
    admin_port: int | None = None
    quiet: bool = False

    def ready(self, announcement: str) -> None:
        """Tells people that it serves."""
        if not self.quiet or self.port == 0:  # else nobody would know the port
            announce(announcement)


@dataclass(slots=True)
class Seat:
    """Where one server runs: alone, or as one of several workers."""

    stopped: asyncio.Event
    """Set when it is to stop."""
    port: int
    ask: Callable[[str, object], Any]
    """Asks, by name, what is one for all workers."""
    shared: bool = False
    """Whether others listen on the port too."""
    number: int = 0
    """Which of the workers it is; the first does what needs doing once."""
    metrics: Metrics = field(default_factory=Metrics)

    def ready(self, announcement: str) -> None:
        """It serves: people may be told."""
        self.ask(READY, announcement)


Main = Callable[[Seat], Awaitable[int]]
"""One server; it gives an exit status."""


def serve(place: Place, main: Main, answers: Answers) -> int:
    """Runs `main` in as many processes as there are to be; `answers` are those of the parent of workers."""
    _take_all_descriptors(FEWEST + FEWEST_EACH * place.workers)
    _keep_memory()
    sys.setswitchinterval(GIVE_WAY)
    # What is there by now stays. Collections need not go through it, and so workers share its memory.
    gc.freeze()
    if place.workers == 1:
        return until_stopped(lambda stopped: _alone(place, main, answers, stopped))
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(reserve(place.host, place.port)).getsockname()[1]
        crew = Crew(place.workers, lambda number, pipe: _work(main, number, pipe, port))
        stack.callback(crew.close)
        return until_stopped(lambda stopped: _lead(place, crew, answers, stopped), in_a_hurry=crew.kill)


async def _alone(place: Place, main: Main, answers: Answers, stopped: asyncio.Event) -> int:
    answers = {**answers, READY: place.ready}
    seat = Seat(stopped, place.port, lambda name, argument: answers[name](argument))

    async def figures() -> bytes:
        return seat.metrics.page()

    async with _admin(place, figures):
        return await main(seat)


def _work(main: Main, number: int, parent: Pipe, port: int) -> int:
    """What one worker does; signals are for the parent to pass on."""

    async def run() -> int:
        stopped = asyncio.Event()
        seat = Seat(stopped, port, parent.ask_now, shared=True, number=number)
        answers: Answers = {FIGURES: lambda _: seat.metrics.families(), STOP: lambda _: stopped.set()}
        parent.open(answers, on_closed=stopped.set)
        try:
            return await main(seat)
        except SseproxyError as error:
            seat.ask(FAILED, str(error))
            return 2
        finally:
            parent.close()

    return on_loop(run())


async def _lead(place: Place, crew: Crew, answers: Answers, stopped: asyncio.Event) -> int:
    """What the parent of the workers does. Raises SseproxyError where one of them does."""
    starting = place.workers
    failures: list[str] = []

    def ready(announcement: str) -> None:
        nonlocal starting
        starting -= 1
        if starting == 0:
            place.ready(announcement)

    def failed(sentence: str) -> None:
        failures.append(sentence)
        crew.stop()

    def lost() -> None:
        if starting:
            stopped.set()

    async def figures() -> bytes:
        return merged(await crew.ask(FIGURES))

    async with _admin(place, figures):
        crew.open({**answers, READY: ready, FAILED: failed}, on_lost=lost)
        ended = asyncio.create_task(crew.wait())
        told = asyncio.create_task(stopped.wait())
        await asyncio.wait([ended, told], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        crew.stop()
        status = await ended
    if failures:
        raise SseproxyError(failures[0])  # what one can't do the others can't either
    return status


@contextlib.asynccontextmanager
async def _admin(place: Place, figures: Figures) -> AsyncIterator[None]:
    """Around the server: there from before the first stream until after the last."""
    if place.admin_port is None:
        yield
        return
    async with serve_admin(place.admin_host, place.admin_port, figures) as url:
        announce(f"sseproxy: {url}/metrics and /healthz")
        yield


def until_stopped(
    main: Callable[[asyncio.Event], Awaitable[int]], in_a_hurry: Callable[[], None] = lambda: None
) -> int:
    """Runs `main` with an event that a signal to stop sets; a second one, but SIGHUP, ends it at once.

    Gives main's status, or 130 where SIGINT stopped it and all was well. `in_a_hurry` is called before the
    process is ended at once.
    """
    interrupted = False

    async def run() -> int:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            nonlocal interrupted
            if stopped.is_set():
                if number == HANG_UP:
                    return  # no hurry: of a terminal that closes the kernel tells, and the shell once more
                in_a_hurry()
                os._exit(130 if number == signal.SIGINT else 1)
            interrupted = number == signal.SIGINT
            stopped.set()

        for number in stop_signals():
            if sys.platform == "win32":  # the event loop takes no signal handlers there
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(stop, got))
            else:
                loop.add_signal_handler(number, stop, number)
        return await main(stopped)

    return on_loop(run()) or (130 if interrupted else 0)


def on_loop(main: Coroutine[Any, Any, int]) -> int:
    """Runs it on the best event loop there is."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)


def _take_all_descriptors(fewest: int) -> None:
    """A stream takes three; what a shell allows is often 1,024, and what the system allows much more.

    Raises SseproxyError where it allows too few to begin with.

    The kernel's table of them is made large enough now. It grows as it fills, and where a process has threads
    Linux lets it wait for all processors each time: 8 ms and more in which no stream goes on.
    """
    if resource:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):  # macOS says "unlimited" and means less
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with contextlib.suppress(OSError), open(os.devnull, "rb") as any_file:  # noqa: PTH123 - its number
            os.close(os.dup2(any_file.fileno(), min(DESCRIPTORS, hard) - 1))
        if 0 <= hard < fewest:
            raise SseproxyError(
                f"only {hard} files may be open (`ulimit -Hn`); a server takes {fewest}, and 3 a stream"
            )


def _keep_memory() -> None:
    """What a large read took is kept for the next one: glibc would give it back to the system each time, and
    a quarter of a firehose's time goes into having it anew.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, KEPT_MEMORY)
        mallopt(_M_TRIM_THRESHOLD, KEPT_MEMORY)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where there is one: an event that comes alone is passed on in two thirds of the time."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def announce(text: str) -> None:
    """Tells a person what is going on, where it is in nobody's way."""
    click.echo(text, err=True)
