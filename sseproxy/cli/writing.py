"""A result in a file: all of it or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Writes beside and then renames, so that what fails half-way leaves what was there.

    A link's target is written; what is no file (a device, a pipe) is written as it is. Raises OSError that
    names the path.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            device.writelines(pieces)
        return
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.writelines(pieces)
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except OSError as error:
        error.filename = str(path)  # and not a name that nobody has given
        raise
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
