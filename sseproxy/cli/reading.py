"""Cassettes for commands that look at them: one that can't be read is told of and hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from sseproxy.cassette.store import find, load_beginning, present, view
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange, Head, Request
from sseproxy.printable import printable

T = TypeVar("T")


def _pass(request: Request | None) -> None:
    """Nobody looks at requests."""


class Reading:
    """The cassettes of these paths, read one at a time as they are asked for: memory holds one."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Raises SseproxyError for what does not exist and for a folder without any."""
        self._paths = find(paths)
        self.status = 0

    def __iter__(self) -> Iterator[tuple[Path, Exchange]]:
        yield from self._read(self._paths)

    def in_time(self, see: Callable[[Request | None], None] = _pass) -> Iterator[tuple[Path, Exchange]]:
        """The same, oldest first: for that the first lines of each are read before, and `see` gets all
        requests then.
        """
        heads: list[tuple[Path, Head]] = []
        for path in self._paths:
            if begun := self._one(load_beginning, path):
                head, request = begun
                heads.append((path, head))
                see(request)
        heads.sort(key=lambda each: (each[1].wall, each[1].id))
        yield from self._read(path for path, _ in heads)

    def _read(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Exchange]]:
        for path in map(present, paths):
            if exchange := self._one(view, path):
                yield path, exchange

    def _one(self, read: Callable[[Path], T], path: Path) -> T | None:
        """None for what can't be read, which is told, and for what has no head yet, which holds nothing."""
        try:
            return read(path)
        except NoHeadYetError:
            return None
        except CassetteError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            self.status = 2
            return None
