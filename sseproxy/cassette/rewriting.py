"""A library that is recorded anew, and takes the old one's place when it is whole.

The new cassettes are written into a folder of their own inside the library, which readers pass over. Then
each is moved into the library, where the newest session answers, and at last the old ones are deleted: at no
time is a request without an answer that it had, and whatever interrupts it, no cassette is lost. Libraries in
folders below are others' and stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from sseproxy.cassette.naming import PART
from sseproxy.cassette.store import find, is_answered, lock_folder, make_folder
from sseproxy.errors import SseproxyError

STAGE = ".rewriting"
"""The folder in which a library is recorded anew. What a killed recorder left there, the next one drops."""


class Rewriting:
    """A library that is being recorded anew, by nobody else at the same time."""

    def __init__(self, library: Path) -> None:
        """Raises SseproxyError where it can't be, and where another is at it."""
        make_folder(library)
        self.library = library
        self.stage = library / STAGE
        """The folder to record into."""
        try:
            self._lock = lock_folder(library)
        except BlockingIOError:
            problem = "another test or recorder is rewriting this library; let one do it at a time"
            raise SseproxyError(f"{library}: {problem}") from None
        try:
            _clear(self.stage)
            make_folder(self.stage)
        except SseproxyError:
            self.close()
            raise

    def finish(self) -> tuple[int, int]:
        """Puts the new cassettes in the old ones' place; how many there are of each. Raises SseproxyError."""
        old, new = own(self.library), recorded(self.stage)
        try:
            for path in new:
                path.replace(self.library / path.name)
            for path in old:
                path.unlink(missing_ok=True)
            shutil.rmtree(self.stage)
        except OSError as error:
            where = error.filename or self.library
            raise SseproxyError(f"{where}: can't be replaced: {error.strerror}") from None
        return len(new), len(old)

    def drop(self) -> None:
        """Forgets what was recorded."""
        shutil.rmtree(self.stage, ignore_errors=True)

    def close(self) -> None:
        """Leaves the library to others. What was recorded and not put in its place stays where it is."""
        with contextlib.suppress(OSError):  # where there is something
            self.stage.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _clear(stage: Path) -> None:
    try:
        shutil.rmtree(stage)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SseproxyError(f"{stage}: can't be cleared: {error.strerror}") from None


def recorded(folder: Path) -> list[Path]:
    """The finished cassettes of a folder; none where it is empty or is not there."""
    try:
        return [path for path in find([folder]) if not path.name.endswith(PART)]
    except SseproxyError:
        return []


def own(library: Path) -> list[Path]:
    """The finished cassettes that lie in the library itself, and not in one below."""
    return [path for path in recorded(library) if path.parent == library]


def answered(folder: Path) -> list[Path]:
    """Of the finished cassettes, those with an upstream's answer: for the others it is to be asked."""
    return [path for path in recorded(folder) if is_answered(path)]


def is_whole(stage: Path) -> bool:
    """Whether there is something, and nothing was left unfinished."""
    return bool(recorded(stage)) and not list(stage.rglob(f"*{PART}"))
