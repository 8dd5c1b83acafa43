"""The append: one open cassette, each call one write, nothing held back in a buffer of ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from sseproxy.cassette.naming import PART, SUFFIX

try:
    import fcntl
except ImportError:  # Windows: an open cassette can't be told from one whose recorder died
    fcntl = None  # type: ignore[assignment]


def _lock(file: int) -> None:
    if fcntl:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)


class CassetteWriter:
    """A cassette while it is open: `NAME.sse.jsonl.part`, locked, and renamed when it is finished."""

    def __init__(self, folder: Path, name: str) -> None:
        """Creates the file, and the folder where it is missing. Raises OSError; nothing exists then."""
        self._folder = folder
        self._name = name.removesuffix(SUFFIX) + PART
        self._final_name = name
        try:
            self._file = self._create()
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._create()
        self._size = 0
        self._torn: OSError | None = None
        _lock(self._file)

    @property
    def path(self) -> Path:
        """Where the cassette is now."""
        return self._folder / self._name

    def _create(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        # A string: on the way of every request, paths joined as objects take as long as the file itself.
        return os.open(f"{self._folder}{os.sep}{self._name}", flags, 0o644)

    def append(self, lines: bytes) -> None:
        """Writes whole lines, all or none. Raises OSError where the disk takes less."""
        if self._torn:
            raise self._torn
        try:
            written = os.write(self._file, lines)
            while written < len(lines):  # a disk that fills up says so at the next write
                written += os.write(self._file, lines[written:])
        except OSError as error:
            self._take_back(error)
            raise
        self._size += len(lines)

    def _take_back(self, error: OSError) -> None:
        """A torn line may only be the last one. One that can't be taken back must stay the last."""
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self._torn = error

    def rewrite(self, change: Callable[[BinaryIO], Iterable[bytes]]) -> None:
        """Puts other lines in the place of those that were written: all of them, or none.

        `change` makes them of what was written; where it gives none, that stays. Raises OSError; what was
        written is there then. The other file is never without its lock, nor is there a moment without a whole
        `.part`.
        """
        with self.path.open("rb") as written:
            lines = iter(change(written))
            if (first := next(lines, None)) is not None:
                self._replace(chain([first], lines))

    def _replace(self, lines: Iterable[bytes]) -> None:
        other = self.path.with_name(f".{self.path.name}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = os.open(other, flags, 0o644)
        try:
            _lock(file)
            with os.fdopen(file, "wb", closefd=False) as lines_to:
                lines_to.writelines(lines)
            size = os.fstat(file).st_size
            other.replace(self.path)
        except OSError:
            os.close(file)
            other.unlink(missing_ok=True)
            raise
        self._release()
        self._file, self._size = file, size

    def finish(self) -> None:
        """Closes the cassette and gives it its final name. Raises OSError; the `.part` is whole then."""
        self._release()  # before: an open file can't be renamed everywhere
        folder = f"{self._folder}{os.sep}"
        os.replace(folder + self._name, folder + self._final_name)  # noqa: PTH105 - as in _create
        self._name = self._final_name

    def close(self) -> None:
        """Leaves it as it is; where nothing could be written, on a full disk, there is nothing to be left."""
        if self._file >= 0:
            self._release()
            if not self._size:
                with contextlib.suppress(OSError):
                    self.path.unlink()

    def _release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
