"""A folder that is being recorded into, linted as it grows.

The cassettes are read from the disk, in a process of its own: nothing here can hold up a stream, and what has
not been looked at yet waits in the files, not in memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sseproxy.analysis.lint import Expectations, Finding, Sessions, StreamLinter
from sseproxy.cassette.items import ItemReader
from sseproxy.cassette.naming import PART, SUFFIX
from sseproxy.errors import CassetteError, SseproxyError
from sseproxy.exchange import End

READ = 262_144
"""Bytes that are read of one cassette before the next one has its turn."""
_SETTLED = 1_000_000_000  # nanoseconds: a folder's time of change is no finer than this on any file system


class Follower:
    """Finds cassettes that appear after it began, and those that were being written then."""

    def __init__(
        self, folder: Path, expectations: Expectations, on_error: Callable[[CassetteError], None]
    ) -> None:
        """`on_error` is told of cassettes that can't be read. Raises SseproxyError."""
        self._folder = folder
        self._expectations = expectations
        self._on_error = on_error
        self._sessions = Sessions()
        self._changed = -1
        self._known: set[str] | None = None  # names without their endings
        self._tails: dict[str, _Tail] = {}
        self.behind = 0
        """Bytes that were there at the last look and have not been read."""
        self._look()

    def poll(self) -> Iterator[Finding]:
        """What is found in what has been written since the last time. Raises SseproxyError."""
        self._look()
        self.behind = 0
        for name, tail in list(self._tails.items()):
            try:
                for finding in tail.read():
                    if self._sessions.passes(finding, tail.linter.course):
                        yield finding
            except CassetteError as error:
                self._on_error(error.located(tail.path))
                tail.done = True
            course = tail.linter.course
            if course and (tail.done or not tail.compared):
                tail.compared = True
                yield from self._sessions.add(course, done=tail.done)
            if tail.done:
                del self._tails[name]
            self.behind += tail.behind

    def _look(self) -> None:
        """Takes up cassettes that are new."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._changed and time.time_ns() - changed > _SETTLED:
                return
            names = {entry.name for entry in os.scandir(self._folder)}
        except OSError as error:
            raise SseproxyError(f"{self._folder}: can't be read: {error.strerror}") from None
        self._changed = changed
        parts = {name.removesuffix(PART) for name in names if name.endswith(PART)}
        whole = {name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)}
        fresh = parts if self._known is None else (parts | whole) - self._known
        for name in sorted(fresh):
            self._tails[name] = _Tail(self._folder / name, self._expectations)
        self._known = parts | whole


class _Tail:
    """One cassette from its beginning to wherever its recorder is."""

    def __init__(self, stem: Path, expectations: Expectations) -> None:
        self._stem = stem
        self.path = stem.with_name(stem.name + SUFFIX)
        """Its final name."""
        self.linter = StreamLinter(str(self.path), expectations)
        self._reader = ItemReader()
        self._position = 0
        self._torn = b""  # a line that is not written to its end yet
        self.behind = 0
        self.compared = False
        self.done = False

    def read(self) -> Iterator[Finding]:
        """Raises CassetteError (without a path)."""
        *lines, self._torn = (self._torn + self._fresh_bytes()).split(b"\n")
        for line in lines:
            item = self._reader.feed(line)
            if item:
                yield from self.linter.take(self._reader.line, item)
            if isinstance(item, End):
                self.done = True

    def _fresh_bytes(self) -> bytes:
        for path in (self._stem.with_name(self._stem.name + PART), self.path):
            try:
                size = path.stat().st_size
                if size == self._position:
                    self.behind = 0
                    return b""
                with path.open("rb") as file:  # not kept open: not everywhere may an open file be renamed
                    file.seek(self._position)
                    data = file.read(READ)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CassetteError(f"can't be read: {error.strerror}") from None
            self._position += len(data)
            self.behind = size - self._position
            return data
        self.done = True  # deleted
        return b""
