"""Which library a test names, and what its marker says beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sseproxy.errors import SseproxyError
from sseproxy.testing.settings import KNOWN

MARKER = "marker sse_cassette"
_SHOWN = 40
"""Letters of a name that can't be a folder's."""


class Marked(NamedTuple):
    """What one marker says."""

    library: Any
    """Not looked at yet; None: it names none."""
    settings: Mapping[str, Any]


def read_marker(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Marked:
    """The marker's arguments: one library, and settings by name. Raises SseproxyError for what is none."""
    settings = dict(kwargs)
    named = [*args, *([settings.pop("library")] if "library" in settings else [])]
    if len(named) > 1:
        told = " and ".join(map(repr, named))
        raise SseproxyError(f"{MARKER}: one library, not {told}; settings go by name, such as record_mode=")
    known = ("library", *KNOWN)
    for name in settings:
        if name not in known:
            raise SseproxyError(f"{MARKER}: there is no setting {name!r}; there are {', '.join(known)}")
    return Marked(named[0] if named else None, settings)


def library_path(where: str, folder: Path, named: Any, *, inside: bool = False) -> Path:
    """The library of that name, relative to a folder. Raises SseproxyError where it can't be one.

    `inside`: it has to lie in the folder, or be it.
    """
    if not isinstance(named, str | os.PathLike):
        raise SseproxyError(f"{where}: library: {named!r} is no text")
    path = folder / named
    if inside and not Path(os.path.normpath(path)).is_relative_to(os.path.normpath(folder)):
        raise SseproxyError(f"{where}: library: {str(named)!r} is not in {folder}")
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # yet to be recorded
    except (OSError, ValueError) as error:
        shown = str(named) if len(str(named)) <= _SHOWN else f"{str(named)[:_SHOWN]}…"
        problem = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise SseproxyError(f"{where}: library: {shown!r}: {problem}") from None
    return path
