"""A library on disk: its requests are read at once, its exchanges when they are asked for."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sseproxy.cassette.store import load, load_request
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange, Head, Request

KEPT_BYTES = 64 * 1024 * 1024
"""Of what was read, about: the exchanges that were used last are kept to be used again."""
PRELOADED_BYTES = 4 * 1024 * 1024
"""Of cassettes on disk: half a second's reading."""
_OVERHEAD = 200  # bytes for an arrival beside its data


class Library:
    """Cassettes by number, in the order of their paths (`matching.Library` says what it is for)."""

    def __init__(
        self, paths: Iterable[Path], on_error: Callable[[CassetteError], None] | None = None
    ) -> None:
        """`on_error`: where a cassette without a readable request goes; None: the error is raised."""
        self.paths = list(paths)
        self._on_error = on_error
        self._kept: OrderedDict[int, tuple[Exchange, int]] = OrderedDict()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.paths)

    def requests(self) -> Iterator[tuple[int, Head, Request]]:
        """All that have a request. Raises CassetteError where there is no `on_error`."""
        for number, path in enumerate(self.paths):
            try:
                head, request = load_request(path)
            except NoHeadYetError:
                continue
            except CassetteError as error:
                if not self._on_error:
                    raise
                self._on_error(error)
                continue
            if request:
                yield number, head, request

    def request(self, number: int) -> Request:
        """Raises CassetteError where the file is no longer what it was."""
        _, request = load_request(self.paths[number])
        if request is None:
            raise CassetteError("the request is gone", self.paths[number])
        return request

    def preload(self) -> None:
        """Reads the first exchanges now, not while streams are played. What can't be read is told later."""
        size = 0
        for number, path in enumerate(self.paths):
            with contextlib.suppress(OSError, CassetteError):
                size += path.stat().st_size
                if size > PRELOADED_BYTES:
                    return
                self.exchange(number)

    def exchange(self, number: int) -> Exchange:
        """Raises CassetteError for what can't be read."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number][0]
        exchange = load(self.paths[number])
        size = sum(len(data) + _OVERHEAD for _, data in exchange.arrivals) + _OVERHEAD
        self._kept[number] = exchange, size
        self._kept_bytes += size
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= dropped
        return exchange

    def name(self, number: int) -> str:
        return str(self.paths[number])
