"""The errors a user can meet. Each is one line: what, where, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Self


class SseproxyError(Exception):
    """A failure that is the input's or the surroundings' and not a bug of ours.

    The command line prints `str(error)` after `Error: ` and exits with status 2.
    """


class CassetteError(SseproxyError):
    """A cassette that can't be read: which file, which line (from 1; 0: the whole file), why."""

    def __init__(self, problem: str, path: Path | None = None, line: int = 0) -> None:
        self.problem = problem
        self.path = path
        self.line = line
        super().__init__(problem, path, line)

    def __str__(self) -> str:
        where = [str(self.path)] if self.path else []
        if self.line:
            where.append(str(self.line) if self.path else f"line {self.line}")
        return ": ".join(filter(None, [":".join(where), self.problem]))

    def located(self, path: Path) -> Self:
        """The same error, naming the file it was found in."""
        return type(self)(self.problem, path, self.line)


class NoHeadYetError(CassetteError):
    """A `.part` whose recorder has not come as far as a whole first line: legal, and nothing to read."""


class NoStreamError(SseproxyError):
    """Cassettes of which an event stream was asked for, and none holds one."""


class NoUpstreamError(SseproxyError):
    """What is to be recorded, and no server to ask was named."""


class NoCassettesError(SseproxyError):
    """A library that is to answer, and holds nothing: it has yet to be recorded."""
