"""Cassettes for commands: to be looked at one by one, or to answer as a library."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from sseproxy.cassette.library import Library
from sseproxy.cassette.store import find, load_all
from sseproxy.errors import CassetteError, NoCassettesError, SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.printable import printable


def opened(paths: Iterable[Path]) -> Library:
    """The library that these folders and files make. Raises SseproxyError, saying how to get one."""
    paths = list(paths)
    try:
        return Library(find(paths))
    except NoCassettesError as error:
        if paths[-1].suffix:  # it was to be a file
            raise
        folder = f" --cassettes {shlex.quote(str(paths[-1]))}"
        raise SseproxyError(f"{error}; to record some: sseproxy record{folder} --upstream URL") from None


class Reading:
    """The cassettes of these paths, read one at a time as they are asked for: memory holds one.

    One that can't be read is told of and hides no other.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Raises SseproxyError for what does not exist and for a folder without any."""
        self._paths = find(paths)
        self.status = 0

    def __iter__(self) -> Iterator[tuple[Path, Exchange]]:
        for path in self._paths:
            yield from load_all([path], on_error=self.tell)

    def tell(self, error: CassetteError) -> None:
        click.echo(f"Error: {printable(str(error))}", err=True)
        self.status = 2

    def in_time(self) -> list[tuple[Path, Exchange]]:
        """All of them, oldest first."""
        return sorted(self, key=lambda each: (each[1].head.wall, each[1].head.id))
