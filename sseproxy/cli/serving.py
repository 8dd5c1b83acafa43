"""Runs a server until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import click


def serve(main: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Runs `main` with an event that SIGINT or SIGTERM sets; a second signal ends the process at once.

    Gives main's status, or 130 where SIGINT stopped it and all was well.
    """
    interrupted = False

    async def run() -> int:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            nonlocal interrupted
            if stopped.is_set():
                os._exit(130 if number == signal.SIGINT else 1)
            interrupted = number == signal.SIGINT
            stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":  # the event loop takes no signal handlers there
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(stop, got))
            else:
                loop.add_signal_handler(number, stop, number)
        return await main(stopped)

    status = asyncio.run(run())
    return status or (130 if interrupted else 0)


def announce(text: str) -> None:
    """Tells a person what is going on, where it is in nobody's way."""
    click.echo(text, err=True)
