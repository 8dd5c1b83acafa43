"""Whole byte strings: what an upstream gets for a request, and what its client gets for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Exchange
from tests.support.net import Peer, Turns, ask, recorder, replayer, upstream
from tests.support.wire import How

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
AUTHORITY = b"upstream.test"
"""Stands for the upstream's authority, whose port is another each time."""


class Origin:
    """An upstream that keeps what it gets and answers the nth request with the nth answer, then the last."""

    def __init__(self, *answers: bytes, closes: bool = False) -> None:
        """`closes`: it closes the connection behind each answer."""
        self._answers = answers or (OK,)
        self._closes = closes
        self._asked = 0
        self.connections: list[list[bytes]] = []
        """The requests of each connection; what was no whole request comes last."""
        self.gone = Turns()
        """A turn for each connection that has ended."""

    async def __call__(self, peer: Peer) -> None:
        requests: list[bytes] = []
        self.connections.append(requests)
        try:
            while True:
                requests.append(await peer.request())
                self._asked += 1
                await peer.send(self._answers[min(self._asked, len(self._answers)) - 1])
                if self._closes:
                    break
        except asyncio.IncompleteReadError as end:
            requests += [end.partial] if end.partial else []
        except ConnectionResetError:
            pass
        finally:
            self.gone.give()

    @property
    def requests(self) -> list[bytes]:
        return [request for connection in self.connections for request in connection]


@dataclass(frozen=True, slots=True)
class Trip:
    """One request through the recording proxy on a connection of its own."""

    upstream: bytes
    """All that the upstream got, its authority spelled AUTHORITY."""
    client: bytes
    """All that the client got."""
    how: How
    cassettes: list[Exchange]

    @property
    def cassette(self) -> Exchange:
        (only,) = self.cassettes
        return only


def recordings(folder: Path) -> list[Exchange]:
    """All cassettes in a folder, in the order of their requests."""
    if not folder.exists() or not any(folder.iterdir()):
        return []
    return sorted((load(path) for path in find([folder])), key=lambda exchange: exchange.head.id)


async def trip(
    request: bytes, folder: Path, answer: bytes = OK, *, closes: bool = False, path: str = "", **options: Any
) -> Trip:
    """The request has to end its connection; `closes`: the upstream closes behind its answer."""
    origin = Origin(answer, closes=closes)
    async with upstream(origin) as url, recorder(url + path, folder, **options) as proxy:
        got, how = await ask(proxy.url, request)
        await origin.gone.wait()
    sent = b"".join(origin.requests).replace(url.removeprefix("http://").encode(), AUTHORITY)
    return Trip(sent, got, how, recordings(folder))


async def replayed(exchanges: Sequence[Exchange], request: bytes) -> bytes:
    """All that the mock server answers."""
    async with replayer(exchanges) as mock:
        got, _ = await ask(mock.url, request)
    return got


def get(target: bytes = b"/", fields: bytes = b"", *, method: bytes = b"GET", body: bytes = b"") -> bytes:
    """A request that ends its connection. `fields` are whole lines."""
    return b"%b %b HTTP/1.1\r\nHost: client.test\r\n%bConnection: close\r\n\r\n%b" % (
        method,
        target,
        fields,
        body,
    )


def sent(target: bytes = b"/", fields: bytes = b"", *, method: bytes = b"GET", body: bytes = b"") -> bytes:
    """What the upstream gets for it."""
    return b"%b %b HTTP/1.1\r\nHost: %b\r\n%b\r\n%b" % (method, target, AUTHORITY, fields, body)


def closing(answer: bytes) -> bytes:
    """An answer as the client gets it who asked for the connection to end behind it."""
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\nConnection: close" + end + body


class SteppedClock:
    """A clock that stands still till a test moves it."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time

    def wall(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)
