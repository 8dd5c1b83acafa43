"""Cassettes for commands that look at them: one that can't be read is told of and hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from sseproxy.cassette.store import find, load_head, present, view
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange, Head
from sseproxy.printable import printable

T = TypeVar("T")


def oldest_first(head: Head) -> tuple[str, str]:
    """What to sort cassettes by."""
    return head.wall, head.id


class Reading:
    """The cassettes of these paths, read one at a time as they are asked for: memory holds one."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Raises SseproxyError for what does not exist and for a folder without any."""
        self._paths = find(paths)
        self.status = 0

    def __iter__(self) -> Iterator[tuple[Path, Exchange]]:
        yield from self._read(self._paths)

    def in_time(self) -> Iterator[tuple[Path, Exchange]]:
        """The same, oldest first: for that the first line of each is read twice."""
        heads = [(path, head) for path in self._paths if (head := self._one(load_head, path))]
        heads.sort(key=lambda each: oldest_first(each[1]))
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
