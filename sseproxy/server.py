"""The side that clients talk to: aiohttp's low-level server, kept from adding anything of its own.

aiohttp parses requests and looks after connections; the bytes of a response are written by us, straight to
the transport. What this takes of aiohttp's inside stands in this module alone.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, cast

from aiohttp import web

from sseproxy.clock import Clock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import End, Ending, Request, ResponseHead
from sseproxy.http1 import ResponseFramer, own_answer, plain_response

log = logging.getLogger(__name__)

WAITING_LIMIT = 256 * 1024
"""Bytes that may wait for a slow client before its stream is paused."""
HEAD_LIMIT = 64 * 1024
"""Bytes of one line of a request's head."""
FLUSH_LIMIT = 5.0
"""Seconds that a client may take to fetch what it is owed before its connection is reset."""


class Listener(Protocol):
    """Who needs to know, at once, how the client of the present exchange fares."""

    def client_paused(self) -> None: ...

    def client_resumed(self) -> None: ...

    def client_left(self) -> None: ...


class Connection(web.RequestHandler):
    """One client connection. aiohttp calls the asyncio.Protocol methods; each is passed on first."""

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._clock = server.clock
        self.received_at = 0
        self.listener: Listener | None = None
        self.on_lost: list[Callable[[], None]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=WAITING_LIMIT)

    def data_received(self, data: bytes) -> None:
        if data:  # aiohttp calls with nothing when it resumes reading
            self.received_at = self._clock.now()
        super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.listener:
            self.listener.client_paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.listener:
            self.listener.client_resumed()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.listener:
            self.listener.client_left()
        for callback in self.on_lost:
            callback()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A request that is no HTTP, or a fault of ours: one line, and the connection ends."""
        if status >= 500:
            log.error("answering %s %s failed", request.method, request.raw_path, exc_info=exc)
            sentence = "sseproxy: internal error, see its log"
        else:
            why = (message or str(exc) or "malformed request").strip().partition("\n")[0]
            log.warning("refused a request: %s", why)
            sentence = f"sseproxy: {why}"
        Client(request).answer(*plain_response(status, sentence))
        return _Sent(keep_alive=False)


class _Sent(web.StreamResponse):
    """Tells aiohttp that the response is on its way already, and whether the connection goes on."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._goes_on = keep_alive

    @property
    def keep_alive(self) -> bool:
        return self._goes_on

    async def prepare(self, request: web.BaseRequest) -> None:
        pass

    async def write_eof(self, data: bytes = b"") -> None:
        pass


class Client:
    """The client of one exchange: its request, and the connection to answer on."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._incoming = request
        self.connection = cast(Connection, request.protocol)
        self.arrived = self.connection.received_at
        """Microseconds, on the server's clock, when the request's bytes came."""
        self.request = Request(
            method=request.method,
            target=request.raw_path.encode("utf-8", "surrogateescape"),
            version=f"{request.version.major}.{request.version.minor}",
            headers=tuple(request.raw_headers),
        )
        """Without its body."""
        self.keep_alive = False
        self._transport = cast(asyncio.Transport, request.transport)

    @property
    def chunked(self) -> bool:
        """Whether the request's body came chunked."""
        return self._incoming._message.chunked

    def body_waiting(self) -> bytes:
        """What of the body has come already."""
        return self._incoming.content.read_nowait()

    @property
    def body_complete(self) -> bool:
        return self._incoming.content.at_eof()

    async def body(self) -> AsyncIterator[bytes]:
        """The rest of the body, as it comes."""
        while data := await self._incoming.content.readany():
            yield data

    def framer(self, head: ResponseHead) -> ResponseFramer:
        """How to write the response that has this head to this client."""
        version = self.request.version
        return ResponseFramer(head, client_version=version, keep_alive=self._incoming.keep_alive)

    def write(self, data: bytes) -> None:
        """Hands bytes to the connection; what comes after the client left is dropped."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def answer(self, head: ResponseHead, body: bytes) -> None:
        """A whole response at once."""
        framer = self.framer(head)
        self.write(framer.head() + (b"" if self.request.method == "HEAD" else framer.body([body])))
        self.keep_alive = framer.keep_alive

    async def conclude(self, framer: ResponseFramer | None, end: End) -> None:
        """Lets the client's connection end, or go on, as this ending asks for.

        `framer` is None where no head was sent: the answer is our own then. A whole body needs no more than
        that the connection goes on, for its last bytes have been written with the body.
        """
        if framer is None:
            if answer := own_answer(end):
                self.answer(*answer)
            else:
                self.close()
        elif end.reason.whole:
            self.keep_alive = framer.keep_alive
        elif end.reason is Ending.UPSTREAM_RESET or not framer.truncation_shows:
            await self.reset()
        else:
            self.close()

    def close(self) -> None:
        """Sends what is owed, then FIN."""
        self._transport.close()

    async def reset(self) -> None:
        """Sends what is owed, then RST: the one sign that a close-delimited body is not whole."""
        try:
            async with asyncio.timeout(FLUSH_LIMIT):
                await self._flushed()
        except TimeoutError:
            pass
        if sock := self._transport.get_extra_info("socket"):
            # Linger 0: close() sends RST and not FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def _flushed(self) -> None:
        """Returns when the client's machine has all that was written.

        A reset destroys what still waits in the kernel, and nothing tells when that is empty: it
        has to be asked, where the platform can be asked at all.
        """
        sock = self._transport.get_extra_info("socket")
        while not self._transport.is_closing() and (  # noqa: ASYNC110 - there is no event to wait for
            self._transport.get_write_buffer_size() or (sock and _unsent(sock.fileno()))
        ):
            await asyncio.sleep(0.001)


if sys.platform == "linux":
    import fcntl
    import termios

    def _unsent(descriptor: int) -> int:
        """Bytes that the peer has not acknowledged (SIOCOUTQ)."""
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0")
        return int.from_bytes(answer, sys.byteorder)
else:

    def _unsent(descriptor: int) -> int:
        return 0


Handler = Callable[[Client], Awaitable[None]]


class _Server(web.Server):
    def __init__(self, handler: Handler, clock: Clock) -> None:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            client = Client(request)
            await handler(client)
            return _Sent(keep_alive=client.keep_alive)

        # handler_cancellation: a client that leaves an idle stream must be noticed at once.
        super().__init__(handle, handler_cancellation=True)
        self.clock = clock

    def __call__(self) -> Connection:
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            logger=log,
            access_log=None,
            auto_decompress=False,
            max_line_size=HEAD_LIMIT,
            max_field_size=HEAD_LIMIT,
        )


class Running:
    """A server that listens."""

    def __init__(self, server: _Server, listener: asyncio.Server, host: str) -> None:
        self._server = server
        self._listener = listener
        self.host = host
        self.port: int = listener.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def close(self) -> None:
        """Takes no new connections, and no new requests on those that are open."""
        self._listener.close()
        self._server.pre_shutdown()

    async def stop(self) -> None:
        """Closes all connections; those whose last bytes are on their way may send them first."""
        self.close()
        await self._server.shutdown(FLUSH_LIMIT)


async def listen(handler: Handler, host: str, port: int, clock: Clock) -> Running:
    """Starts a server; port 0 takes any that is free. Raises SseproxyError where it can't listen."""
    server = _Server(handler, clock)
    try:
        listener = await asyncio.get_running_loop().create_server(server, host, port, backlog=1024)
    except OSError as error:
        raise SseproxyError(_cannot_listen(host, port, error)) from None
    except OverflowError:
        raise SseproxyError(f"can't listen on {host}:{port}: a port is 0 to 65535") from None
    return Running(server, listener, host)


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"can't listen on {host}:{port}: the port is in use; choose another with --port (0 takes any)"
    why = error.strerror or str(error)
    return f"can't listen on {host}:{port}: {why[:1].lower()}{why[1:]}"
