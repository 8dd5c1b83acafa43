"""A library on disk: its requests are read at once, its exchanges when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sseproxy.cassette import store
from sseproxy.cassette.shelf import Shelf
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import Exchange, Head, Request


class Library:
    """Cassettes by number, in the order of their paths (`matching.Library` says what it is for)."""

    def __init__(
        self,
        paths: Iterable[Path],
        on_error: Callable[[CassetteError], None] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """`on_error`: where a cassette without a readable request goes; None: the error is raised.

        `shelf`: where other libraries may have read them already; None: each file is read.
        """
        self.paths = list(paths)
        self._files = shelf or store
        self._on_error = on_error

    def __len__(self) -> int:
        return len(self.paths)

    def requests(self) -> Iterator[tuple[int, Head, Request]]:
        """All that have a request. Raises CassetteError where there is no `on_error`."""
        for number, path in enumerate(self.paths):
            try:
                head, request = self._files.load_request(path)
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
        _, request = self._files.load_request(self.paths[number])
        if request is None:
            raise CassetteError("the request is gone", self.paths[number])
        return request

    def size(self, number: int) -> int:
        """Bytes of the file; 0 where it has gone."""
        try:
            return self.paths[number].stat().st_size
        except OSError:
            return 0

    def exchange(self, number: int) -> Exchange:
        """Raises CassetteError for what can't be read."""
        return self._files.load(self.paths[number])

    def status(self, number: int) -> int | None:
        """Of the response; None where there is none. Raises CassetteError for what can't be read."""
        return store.load_status(self.paths[number])

    def is_answered(self, number: int) -> bool:
        """Whether it has a response that the recorder's stop did not cut off; so has what can't be read."""
        return store.is_answered(self.paths[number])

    def name(self, number: int) -> str:
        return str(self.paths[number])
