"""What a test sees of requests and exchanges: text and numbers, not the bytes of the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from multidict import CIMultiDict

from sseproxy.analysis.events import read_stream
from sseproxy.exchange import Exchange, Headers, Request


@dataclass(frozen=True)
class SseRequest:
    """A request as it came. (In `exchanges` of a recorder: as it was recorded, with secrets masked.)"""

    raw: Request

    @property
    def method(self) -> str:
        return self.raw.method

    @property
    def path(self) -> str:
        """As the client wrote it, without the query."""
        return self.raw.target.partition(b"?")[0].decode("utf-8", "surrogateescape")

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded, in order."""
        text = self.raw.target.partition(b"?")[2].decode("utf-8", "surrogateescape")
        return parse_qsl(text, keep_blank_values=True)

    @property
    def headers(self) -> CIMultiDict[str]:
        """Names in any case."""
        return _headers(self.raw.headers)

    @property
    def body(self) -> bytes:
        return self.raw.body

    def json(self) -> Any:
        """The body's value. Raises ValueError where it is no JSON."""
        return json.loads(self.raw.body)

    def __repr__(self) -> str:
        return f"<{self.method} {self.raw.target.decode('utf-8', 'backslashreplace')}>"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """An event as an `EventSource` would dispatch it."""

    t: int
    """Microseconds from the request, in the recording."""
    event: str
    """`message` where the stream names none."""
    data: str
    id: str = ""

    def json(self) -> Any:
        """The data's value. Raises ValueError where it is no JSON."""
        return json.loads(self.data)


@dataclass(frozen=True)
class SseExchange:
    """A request and what answered it, as it was recorded."""

    raw: Exchange

    @property
    def request(self) -> SseRequest | None:
        """None where the client left before it had asked."""
        return SseRequest(self.raw.request) if self.raw.request else None

    @property
    def status(self) -> int | None:
        """None where no response came."""
        return self.raw.response.status if self.raw.response else None

    @property
    def headers(self) -> CIMultiDict[str]:
        """Of the response; names in any case."""
        return _headers(self.raw.response.headers if self.raw.response else ())

    @property
    def body(self) -> bytes:
        return self.raw.body

    @property
    def ending(self) -> str:
        """`clean`, `truncated`, … as in the cassette."""
        return self.raw.ending.value

    @cached_property
    def events(self) -> list[SseEvent]:
        """Empty where the response is no event stream."""
        dispatched = read_stream(self.raw).dispatched
        return [SseEvent(at.t, at.event.type, at.event.data, at.event.id) for at in dispatched]

    def __repr__(self) -> str:
        return f"<{self.request} {self.status} {self.ending}>"


def _headers(headers: Headers) -> CIMultiDict[str]:
    text = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return CIMultiDict(text)
