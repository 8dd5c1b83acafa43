"""The library that a command looks for answers in, and how to come by one."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from sseproxy.cassette.library import Library
from sseproxy.cassette.store import find
from sseproxy.cli.options import DEFAULT
from sseproxy.errors import NoCassettesError, SseproxyError
from sseproxy.matching.telling import RECORD


def opened(paths: Iterable[Path]) -> Library:
    """The library that these folders and files make. Raises SseproxyError, saying how to get one."""
    paths = list(paths)
    try:
        return Library(find(paths))
    except NoCassettesError as error:
        if paths[-1].suffix:  # it was to be a file
            raise
        folder = f" --cassettes {shlex.quote(str(paths[-1]))}"
        raise SseproxyError(f"{error}; to record some: sseproxy record{folder} --upstream URL") from None


def record_command(library: Path) -> str:
    """What records into this library what it has no answer to."""
    folder = library if library.is_dir() else library.parent
    return RECORD if folder == DEFAULT else f"{RECORD} --cassettes {shlex.quote(str(folder))}"
