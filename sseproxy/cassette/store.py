"""Cassettes on disk: finding, reading, and telling an open one from an abandoned one."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sseproxy.cassette.decode import (
    Item,
    decode,
    decode_arrivals,
    decode_end,
    decode_lines,
    decode_request,
    decode_tail,
)
from sseproxy.cassette.items import items as decoded
from sseproxy.cassette.naming import PACKED, PART, SUFFIX
from sseproxy.cassette.pack import opened, read
from sseproxy.errors import CassetteError, NoCassettesError, NoHeadYetError, SseproxyError
from sseproxy.exchange import Arrival, End, Ending, Exchange, Head, Request, ResponseHead

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_END = 4096
"""Bytes in which the end of a cassette stands that the recorder's stop cut off: it has no long detail."""


def find(paths: Iterable[Path]) -> list[Path]:
    """The cassettes that these files and folders are or hold, a folder's by name; hidden folders hold none.

    Raises NoCassettesError for what does not exist and for a folder without any.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob(f"*{SUFFIX}*") if _is_cassette(each, path))
            if not inside:
                raise NoCassettesError(f"{path}: no cassettes (*{SUFFIX}) in this folder")
            found += inside
        elif path.is_file():
            found.append(path)
        elif path.exists():
            raise SseproxyError(f"{path}: neither a file nor a folder")
        else:
            raise NoCassettesError(f"{path}: no such file or folder")
    return found


def _is_cassette(path: Path, folder: Path) -> bool:
    """Whether it has a cassette's name, and lies in no hidden folder of this one."""
    if any(part.startswith(".") for part in path.relative_to(folder).parts[:-1]):
        return False
    return path.name.endswith((SUFFIX, PART)) or _is_only_packed(path)


def _is_only_packed(path: Path) -> bool:
    """Packing that was broken off may leave both."""
    return path.name.endswith(PACKED) and not path.with_name(path.name.removesuffix(PACKED) + SUFFIX).exists()


def load(path: Path) -> Exchange:
    """The exchange in a cassette. Raises CassetteError, with the path, for what can't be read."""
    path = present(path)
    with _told(path):
        return decode(read(path), part=path.name.endswith(PART))


def view(path: Path) -> Exchange:
    """The same, in memory that does not grow with the cassette: a long body is read again each time it is
    asked for. Raises as `load` does, and then too, should the file be gone or changed.
    """
    path = present(path)
    with _told(path), opened(path) as lines:
        return decode_lines(lines, part=path.name.endswith(PART), again=partial(_arrivals, path))


def _arrivals(path: Path) -> Iterator[Arrival]:
    path = present(path)
    with _told(path), opened(path) as lines:
        yield from decode_arrivals(lines, part=path.name.endswith(PART))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Gives errors the path that they are about."""
    try:
        yield
    except OSError as error:
        raise CassetteError(f"can't be read: {error.strerror}", path) from None
    except CassetteError as error:
        raise error.located(path) from None


def load_beginning(path: Path) -> tuple[Head, Request | None]:
    """What the first lines of a cassette say, of a long request the beginning. Raises as `load` does."""
    with contextlib.closing(items(path)) as found:
        _, head = next(found)
        _, request = next(found, (0, None))
    assert isinstance(head, Head)
    return head, request if isinstance(request, Request) else None


class Extent(NamedTuple):
    """When the exchange in a cassette was."""

    head: Head
    duration: int
    """In microseconds, as an exchange's."""
    ended: bool


def load_extent(path: Path) -> Extent:
    """What the first and the last line tell of that; only a cassette without an end is read as a whole.

    Raises as `load` does, for what is read.
    """
    head, _ = load_beginning(path)
    if end := decode_end(_last_line(path)):
        return Extent(head, end.t, True)
    exchange = view(path)
    return Extent(head, exchange.duration, exchange.end is not None)


def _last_line(path: Path) -> bytes:
    """Of one that is longer than an end is, a part."""
    path = present(path)
    with _told(path):
        if path.name.endswith(PACKED):  # from its front alone, but nothing is made of the lines
            with opened(path) as lines:
                return next(iter(deque(lines, maxlen=1)), b"")
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
            return file.read().removesuffix(b"\n").rpartition(b"\n")[2]


def load_request(path: Path) -> tuple[Head, Request | None]:
    """The head and the request in a cassette, whose other lines are not read.

    Raises CassetteError, with the path, for what can't be read.
    """
    path = present(path)
    with _told(path), opened(path) as lines:
        return decode_request(lines, part=path.name.endswith(PART))


def load_status(path: Path) -> int | None:
    """The status of the response in a cassette; None where there is none. What follows is not read.

    Raises CassetteError, with the path, for what can't be read.
    """
    with contextlib.closing(items(path)) as found:
        return next((item.status for _, item in found if isinstance(item, ResponseHead)), None)


def is_answered(path: Path) -> bool:
    """Whether a cassette has an upstream's answer: it was there, and the recorder's stop did not cut it off.

    What can't be read is taken for one, to be told by whoever reads it.
    """
    try:
        return load_status(path) is not None and not was_stopped(path)
    except CassetteError:
        return True


def was_stopped(path: Path) -> bool:
    """Whether the recorder's own stop cut the stream in a cassette off. Raises as `load` does.

    Such a cassette has the word in its end; where that can be looked at alone, few have to be read.
    """
    if not path.name.endswith(PACKED):
        with _told(path), path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
            if Ending.PROXY_STOPPED.encode() not in file.read():
                return False
    with contextlib.closing(items(path)) as found:
        return any(isinstance(item, End) and item.reason is Ending.PROXY_STOPPED for _, item in found)


def items(path: Path) -> Generator[tuple[int, Item], None, None]:
    """What each line of a cassette holds, with its number (from 1), read as it is asked for.

    Raises CassetteError, with the path.
    """
    path = present(path)
    with _told(path), opened(path) as lines:
        yield from decoded(lines, part=path.name.endswith(PART))


def load_all(
    paths: Iterable[Path], on_error: Callable[[CassetteError], None] | None = None
) -> list[tuple[Path, Exchange]]:
    """The exchanges of these cassettes. One that has no head yet holds no exchange and is passed over.

    What can't be read goes to `on_error`; where there is none, the first such CassetteError is raised.
    """
    loaded = []
    for path in paths:
        try:
            loaded.append((present(path), load(path)))
        except NoHeadYetError:
            pass
        except CassetteError as error:
            if not on_error:
                raise
            on_error(error)
    return loaded


def make_folder(path: Path) -> None:
    """Makes sure that cassettes can be put here. Raises SseproxyError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise SseproxyError(f"{path}: is no folder") from None
    except OSError as error:
        raise SseproxyError(f"{path}: can't be a folder for cassettes: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SseproxyError(f"{path}: cassettes can't be written here: permission denied")


def present(path: Path) -> Path:
    """Where the cassette is now: since it was found it may have been finished, packed or unpacked."""
    if path.exists():
        return path
    stem = path.name.removesuffix(PART).removesuffix(PACKED).removesuffix(SUFFIX)
    others = (path.with_name(stem + SUFFIX), path.with_name(stem + PACKED))
    return next((other for other in others if other.exists()), path)


def is_being_written(path: Path) -> bool:
    """Whether a recorder has the cassette open. Always False where files can't be locked so."""
    if fcntl is None or not path.name.endswith(PART):
        return False
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass  # finished since it was found
    return False


def lock_folder(path: Path) -> int | None:
    """A descriptor that is to be closed: until then nobody else gets one. None where folders can't be locked.

    Raises BlockingIOError where somebody has one.
    """
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def tail_body(path: Path, limit: int) -> bytes:
    """The body bytes in the last `limit` bytes of a cassette: how a stream ends, not read whole."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - limit))
        tail = file.read()
    return decode_tail(tail if size <= limit else tail.partition(b"\n")[2])
