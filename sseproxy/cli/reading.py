"""Cassettes for commands that look at them: one that can't be read is told of and hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from sseproxy.cassette.store import find, load
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange
from sseproxy.printable import printable


class Reading:
    """The cassettes of these paths, read one at a time as they are asked for: memory holds one."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Raises SseproxyError for what does not exist and for a folder without any."""
        self._paths = find(paths)
        self.status = 0

    def __iter__(self) -> Iterator[tuple[Path, Exchange]]:
        for path in self._paths:
            try:
                yield path, load(path)
            except NoHeadYetError:
                pass
            except CassetteError as error:
                self.tell(error)

    def tell(self, error: Exception) -> None:
        click.echo(f"Error: {printable(str(error))}", err=True)
        self.status = 2

    def in_time(self) -> list[tuple[Path, Exchange]]:
        """All of them, oldest first."""
        return sorted(self, key=lambda each: (each[1].head.wall, each[1].head.id))
