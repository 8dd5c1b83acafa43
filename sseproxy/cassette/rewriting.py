"""A library that is recorded anew, and takes the old one's place when it is whole.

The new cassettes are written into a folder of their own inside the library, which readers pass over. Then
each is moved into the library, where the newest session answers, and at last the old ones are deleted: at no
time is a request without an answer that it had, and whatever interrupts it, no cassette is lost.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sseproxy.cassette.naming import PART
from sseproxy.cassette.store import find, load_status, make_folder
from sseproxy.errors import CassetteError, SseproxyError

STAGE = ".rewriting"
"""The folder in which a library is recorded anew. What a killed recorder left there, the next one drops."""


def begin(library: Path) -> Path:
    """The folder to record into. Raises SseproxyError where there can be none."""
    stage = library / STAGE
    try:
        shutil.rmtree(stage, ignore_errors=False)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SseproxyError(f"{stage}: can't be cleared: {error.strerror}") from None
    make_folder(stage)
    return stage


def recorded(folder: Path) -> list[Path]:
    """The finished cassettes of a folder; none where it is empty or is not there."""
    try:
        return [path for path in find([folder]) if not path.name.endswith(PART)]
    except SseproxyError:
        return []


def answered(folder: Path) -> list[Path]:
    """Of the finished cassettes, those with an upstream's answer: where it was not there, it is to be asked.

    What can't be read is among them, to be told by whoever reads it.
    """
    return [path for path in recorded(folder) if _is_answered(path)]


def _is_answered(path: Path) -> bool:
    try:
        return load_status(path) is not None
    except CassetteError:
        return True


def is_whole(stage: Path) -> bool:
    """Whether there is something, and nothing was left unfinished."""
    return bool(recorded(stage)) and not list(stage.rglob(f"*{PART}"))


def finish(library: Path, stage: Path) -> tuple[int, int]:
    """Puts the new cassettes in the place of the old; how many there are of each. Raises SseproxyError."""
    old = recorded(library)
    new = recorded(stage)
    try:
        for path in new:
            path.replace(library / path.name)
        for path in old:
            path.unlink(missing_ok=True)
        shutil.rmtree(stage)
    except OSError as error:
        raise SseproxyError(f"{error.filename or library}: can't be replaced: {error.strerror}") from None
    return len(new), len(old)
