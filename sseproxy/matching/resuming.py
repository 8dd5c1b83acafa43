"""Reconnections: where the reader of a feed goes on is told by `Last-Event-ID`, and by nothing else it asks.

A browser's `EventSource` sends it (WHATWG HTML, section 9.2.2), and an MCP client over streamable HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence

from sseproxy.exchange import Request, header
from sseproxy.matching.index import Index

_ID = b"last-event-id"


class Resuming:
    """Behind which event each recorded request goes on."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._behind: dict[int, bytes] = {}

    def add(self, number: int, request: Request) -> None:
        if (behind := self._told(request)) is not None:
            self._behind[number] = behind

    def narrowed(self, numbers: Sequence[int], key: bytes, request: Request) -> tuple[list[int], bytes]:
        """Those of the recordings that go on where the request does, and what counts their turns.

        Where nobody went on there: the reconnections, or the first connections, whichever it is. Where there
        are none of them either: all.
        """
        behind = self._told(request)
        found = [number for number in numbers if self._behind.get(number) == behind]
        if not found:
            found = [number for number in numbers if (number in self._behind) == (behind is not None)]
            behind = b""
        if not found or len(found) == len(numbers):
            return list(numbers), key
        return found, key if behind is None else key + b" " + behind

    def _told(self, request: Request) -> bytes | None:
        """As it would have been recorded: masked where it looks like a secret."""
        if (value := header(request.headers, _ID)) is None:
            return None
        alone = Request("GET", b"/", "1.1", ((_ID, value),))
        return header(self._index.masked(alone).headers, _ID)
