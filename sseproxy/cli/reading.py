"""Cassettes for commands that look at them: one that can't be read is told of and hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from sseproxy.cassette.store import Extent, find, load_beginning, load_extent, present, view
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
        self._failed: set[Path] = set()
        self.status = 0

    def __iter__(self) -> Iterator[tuple[Path, Exchange]]:
        yield from self._read(self._paths)

    def extents(self) -> Iterator[tuple[Path, Extent]]:
        """When each was, for which hardly anything of it is read."""
        for path in map(present, self._paths):
            if extent := self.one(load_extent, path):
                yield path, extent

    def in_time(self, see: Callable[[Request | None], None] = _pass) -> Iterator[tuple[Path, Exchange]]:
        """The same, oldest first: for that the first lines of each are read before, and `see` gets all
        requests then.
        """
        heads: list[tuple[Path, Head]] = []
        for path in self._paths:
            if begun := self.one(load_beginning, path):
                head, request = begun
                heads.append((path, head))
                see(request)
        heads.sort(key=lambda each: (each[1].wall, each[1].id))
        yield from self._read(path for path, _ in heads)

    def _read(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Exchange]]:
        for path in map(present, paths):
            if exchange := self.one(view, path):
                yield path, exchange

    def one(self, read: Callable[[Path], T], path: Path) -> T | None:
        """None for what can't be read, which is told once, and for what has no head yet: it holds nothing."""
        if path in self._failed:
            return None
        try:
            return read(path)
        except NoHeadYetError:
            return None
        except CassetteError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            self._failed.add(path)
            self.status = 2
            return None
