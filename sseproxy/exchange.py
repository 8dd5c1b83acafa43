"""One request and its whole response, as values. Everything else is a view of these.

Heads keep the bytes that were received: names and values are neither lower-cased nor decoded. Times
(`t`) are whole microseconds since the request's head was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sseproxy.again import Again

Headers = tuple[tuple[bytes, bytes], ...]


class Framing(StrEnum):
    """How the end of a response body is told (RFC 9112, section 6.3)."""

    CHUNKED = "chunked"
    LENGTH = "length"
    CLOSE = "close"
    NONE = "none"


class Ending(StrEnum):
    """How an exchange finished. `INCOMPLETE` is never written: it is what a missing end means."""

    CLEAN = "clean"
    EOF_UNFRAMED = "eof_unframed"
    TRUNCATED = "truncated"
    UPSTREAM_RESET = "upstream_reset"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    CONNECT_FAILED = "connect_failed"
    CLIENT_LEFT = "client_left"
    PROXY_STOPPED = "proxy_stopped"
    LIMIT = "limit"
    LOSSY = "lossy"
    ERROR = "error"
    INCOMPLETE = "incomplete"

    @property
    def whole(self) -> bool:
        """Whether the client may be told that it has the whole body."""
        return self in (Ending.CLEAN, Ending.EOF_UNFRAMED)


@dataclass(frozen=True, slots=True)
class Head:
    """What a cassette says of itself."""

    id: str
    by: str
    """The program and version that recorded."""
    wall: str
    """RFC 3339, UTC, microseconds: when the request's head was read."""
    session: str
    session_t: int
    """Microseconds from the session's start to the request."""
    upstream: str


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: bytes
    version: str
    headers: Headers
    body: bytes = b""
    complete: bool = True
    """False where the client left, or was answered, before all of the body had come."""
    trailers: Headers = ()
    """The fields behind a chunked body."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    t: int
    status: int
    reason: bytes
    version: str
    headers: Headers
    framing: Framing


class Arrival(NamedTuple):
    """The body bytes that one read of the upstream's socket brought."""

    t: int
    data: bytes


class LongBody(Again[Arrival]):
    """The arrivals of a body that is too long to be held."""

    def __init__(self, make: Callable[[], Iterator[Arrival]], count: int, size: int) -> None:
        """`size`: bytes of all of them."""
        super().__init__(make, count)
        self.size = size


@dataclass(frozen=True, slots=True)
class Note:
    t: int
    text: str
    tags: tuple[str, ...]
    after: int
    """How many arrivals stand before it."""


HOLE = "hole"
"""The tag of a note that stands where part of the recording was lost."""


@dataclass(frozen=True, slots=True)
class End:
    t: int
    reason: Ending
    bytes: int
    """Body bytes that the cassette holds."""
    trailers: Headers = ()
    client_left: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A cassette, read. What a recorder that died did not write is None."""

    head: Head
    request: Request | None
    response: ResponseHead | None
    arrivals: Sequence[Arrival]
    """A tuple; of a long body in a file, what reads it again each time."""
    notes: tuple[Note, ...]
    end: End | None

    @property
    def ending(self) -> Ending:
        return self.end.reason if self.end else Ending.INCOMPLETE

    @property
    def body(self) -> bytes:
        return b"".join(arrival.data for arrival in self.arrivals)

    @property
    def size(self) -> int:
        """Bytes of the body."""
        if isinstance(self.arrivals, LongBody):
            return self.arrivals.size
        return sum(len(arrival.data) for arrival in self.arrivals)

    @property
    def duration(self) -> int:
        """Microseconds from the request to the last thing known."""
        if self.end:
            return self.end.t
        if self.arrivals:
            return self.arrivals[-1].t
        return self.response.t if self.response else 0


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first field of this lower-case name, as received, white space around it removed."""
    for key, value in headers:
        if key.lower() == name:
            return value.strip(b" \t")
    return None


def media_type(headers: Headers) -> bytes:
    """The type and subtype of Content-Type, lower-cased, without parameters; empty where there is none."""
    return (header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()


def tokens(headers: Headers, name: bytes) -> list[bytes]:
    """The comma-separated list of all fields of this lower-case name, lower-cased, in order."""
    values = [value for key, value in headers if key.lower() == name]
    if not values:  # as of most names
        return []
    return [item for part in b",".join(values).split(b",") if (item := part.strip(b" \t").lower())]
