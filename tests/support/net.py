"""Raw sockets on both sides of what is tested: bytes in, bytes out, and how the connection ended."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sseproxy.cassette.store import find, load
from sseproxy.clock import SystemClock
from sseproxy.exchange import Exchange
from sseproxy.matching import Answers, Loaded
from sseproxy.mock import Mock
from sseproxy.mock import Options as MockOptions
from sseproxy.proxy import Options as ProxyOptions
from sseproxy.proxy import Proxy
from sseproxy.server import Running
from tests.support.wire import How, Response

PATIENCE = 30.0
"""Seconds after which a wait has failed; nothing here is ever waited for that long."""


class _Reader(asyncio.StreamReader):
    """Gives all that came before it tells of a reset; in asyncio's own the reset overtakes the bytes."""

    broken: Exception | None = None

    def set_exception(self, exc: Exception) -> None:
        self.broken = exc
        self.feed_eof()


class Peer:
    """One end of a TCP connection."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self, limit: int = 2**20) -> bytes:
        """What the next read brings; empty at the end. Raises the error that broke the connection."""
        async with asyncio.timeout(PATIENCE):
            data = await self.reader.read(limit)
        if not data and self.reader.broken:
            raise self.reader.broken
        return data

    async def until(self, mark: bytes) -> bytes:
        """All up to and including the mark."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(mark)

    async def request(self) -> bytes:
        """A whole request: the head, and a body with a Content-Length or chunked.

        Raises IncompleteReadError with all that came of one that breaks off.
        """
        head = await self.until(b"\r\n\r\n")
        try:
            return head + await self._body_behind(head)
        except asyncio.IncompleteReadError as end:
            raise asyncio.IncompleteReadError(head + end.partial, end.expected) from None

    async def _body_behind(self, head: bytes) -> bytes:
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            async with asyncio.timeout(PATIENCE):
                return await self.reader.readexactly(int(length[1]))
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            return await self.until(b"0\r\n\r\n")
        return b""

    async def rest(self) -> tuple[bytes, How]:
        """All that still comes, and how the connection ended."""
        data = bytearray()
        try:
            while more := await self.read():
                data += more
        except ConnectionResetError:
            return bytes(data), "reset"
        return bytes(data), "eof"

    def close(self) -> None:
        """FIN, once all is sent."""
        self.writer.close()

    def reset(self) -> None:
        """RST, at once."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Turns:
    """Lets one side go on only when the other has said so."""

    def __init__(self) -> None:
        self._given = asyncio.Semaphore(0)

    def give(self) -> None:
        """The other side may go on, once."""
        self._given.release()

    async def wait(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._given.acquire()


Script = Callable[[Peer], Awaitable[None]]
"""What an upstream does with a connection."""


@contextlib.asynccontextmanager
async def upstream(script: Script) -> AsyncIterator[str]:
    """A server that runs the script for each connection and then closes it; the value is its URL.

    What goes wrong in the script fails the test when the server is left.
    """
    failures: list[BaseException] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        assert isinstance(reader, _Reader)
        tasks.add(task)
        try:
            await script(Peer(reader, writer))
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            failures.append(error)
        finally:
            writer.close()
            tasks.discard(task)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: asyncio.StreamReaderProtocol(_Reader(), serve), "127.0.0.1", 0, backlog=1024
    )
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if failures:
        raise failures[0]


@contextlib.contextmanager
def silent_host() -> Iterator[str]:
    """The URL of a server that neither takes nor refuses a connection. Only on Linux is there one."""
    with socket.socket() as full, socket.socket() as queued:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # one may wait; the SYN of the next is dropped
        queued.connect(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


async def eventually(condition: Callable[[], bool]) -> None:
    """Lets all else run until this holds: for what tells nobody when it happens."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def client(url: str) -> AsyncIterator[Peer]:
    """A connection to the server at this URL."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    reader = _Reader()
    transport, protocol = await asyncio.get_running_loop().create_connection(
        lambda: asyncio.StreamReaderProtocol(reader), parts.hostname, parts.port
    )
    peer = Peer(reader, asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop()))
    try:
        yield peer
    finally:
        peer.writer.transport.abort()


async def ask(url: str, request: bytes) -> tuple[bytes, How]:
    """One request, and all that comes back until the connection ends."""
    async with client(url) as peer:
        await peer.send(request)
        return await peer.rest()


async def fetch(url: str, request: bytes) -> Response:
    """One request, and the response to it; the connection has to end behind it."""
    return Response.of(request, *await ask(url, request))


async def fetch_slowly(url: str, request: bytes, begin: Awaitable[object]) -> Response:
    """The same by a client with a small window, that does not read before `begin` is done."""
    parts = urlsplit(url)
    response = Response(request)
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        await loop.sock_connect(sock, (parts.hostname, parts.port))
        await loop.sock_sendall(sock, request)
        await begin
        try:
            async with asyncio.timeout(PATIENCE):
                while data := await loop.sock_recv(sock, 8 * 1024):
                    response.feed(data)
            response.how = "eof"
        except ConnectionResetError:
            response.how = "reset"
    return response


async def finish(peer: Peer, response: Response) -> Response:
    """The same response with all that still comes of it, and how the connection ended."""
    data, response.how = await peer.rest()
    response.feed(data)
    return response


@contextlib.asynccontextmanager
async def recorder(upstream: str, cassettes: Path, **options: Any) -> AsyncIterator[Running]:
    """A recording proxy on a free port."""
    proxy = Proxy(ProxyOptions(upstreams=(upstream,), cassettes=cassettes, port=0, **options), SystemClock())
    server = await proxy.start()
    try:
        yield server
    finally:
        await proxy.stop(grace=0)


@contextlib.asynccontextmanager
async def recorded(script: Script, cassettes: Path, **options: Any) -> AsyncIterator[Running]:
    """A recording proxy in front of an upstream that runs this script."""
    async with upstream(script) as url, recorder(url, cassettes, **options) as proxy:
        yield proxy


@contextlib.asynccontextmanager
async def replayer(exchanges: Iterable[Exchange], speed: float = math.inf) -> AsyncIterator[Running]:
    """A mock server on a free port."""
    mock = Mock(Answers(Loaded(exchanges)), MockOptions(port=0, speed=speed), SystemClock())
    try:
        yield await mock.start()
    finally:
        await mock.stop()


def only_cassette(folder: Path) -> Exchange:
    """The exchange of the one cassette in a folder."""
    (path,) = find([folder])
    return load(path)
