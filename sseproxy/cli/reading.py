"""Cassettes for commands that look at them: one that can't be read is told of and hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from sseproxy.cassette.store import find, load_all
from sseproxy.errors import CassetteError
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
            yield from load_all([path], on_error=self.tell)

    def tell(self, error: CassetteError) -> None:
        click.echo(f"Error: {printable(str(error))}", err=True)
        self.status = 2

    def in_time(self) -> list[tuple[Path, Exchange]]:
        """All of them, oldest first."""
        return sorted(self, key=lambda each: (each[1].head.wall, each[1].head.id))
