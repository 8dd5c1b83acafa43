"""Listening, and stopping to."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from sseproxy.clock import Clock
from sseproxy.errors import SseproxyError
from sseproxy.http1 import refusal
from sseproxy.server.client import BodyError, Client
from sseproxy.server.connection import Connection, Sent, Server
from sseproxy.server.transport import FLUSH_LIMIT

log = logging.getLogger("sseproxy.server")

BACKLOG = 1024
"""Connections that may wait to be accepted."""

Handler = Callable[[Client], Awaitable[None]]


class Running:
    """A server that listens."""

    def __init__(self, server: Server, listener: asyncio.Server, host: str, scheme: str) -> None:
        self._server = server
        self._listener = listener
        self._scheme = scheme
        self.host = host
        self.port: int = listener.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}"

    def close(self) -> None:
        """Takes no new connections, and no new requests on those that are open."""
        self._listener.close()
        # Not aiohttp's pre_shutdown(): it drops what clients still send, uploads under way included.
        for connection in self._server.connections:
            cast(Connection, connection).wind_down()

    async def stop(self) -> None:
        """Closes all connections; those whose last bytes are on their way may send them first."""
        self.close()
        await self._server.shutdown(FLUSH_LIMIT)


async def listen(
    handler: Handler,
    host: str,
    port: int,
    clock: Clock,
    tls: ssl.SSLContext | None = None,
    *,
    shared: bool = False,
) -> Running:
    """Starts a server; port 0 takes any that is free. Raises SseproxyError where it can't listen.

    `shared`: other processes listen on the port too, which somebody has reserved. The handler gets requests
    that are fit to be passed on; others have been refused.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        client = Client(request)
        connection = client.connection
        if refused := refusal(client.request):
            connection.refuse(*refused)
        if connection.refused:
            return Sent(keep_alive=True)  # it is for `refuse` to close
        try:
            client.check_body()
            await handler(client)
        except BodyError as error:
            client.fail(400, f"malformed body: {error}")
        except Exception:
            log.exception("a fault of sseproxy while it answered %s", client.request.method)
            client.fail(500, "internal error, see the log")
        return Sent(keep_alive=connection.refused or (client.keep_alive and not connection.last_request))

    server = Server(handle, clock)
    try:
        listener = await asyncio.get_running_loop().create_server(
            server, host, port, backlog=BACKLOG, ssl=tls, reuse_port=shared or None
        )
    except OSError as error:
        raise SseproxyError(_cannot_listen(host, port, error)) from None
    except OverflowError:
        raise SseproxyError(f"can't listen on {host}:{port}: a port is 0 to 65535") from None
    return Running(server, listener, host, "https" if tls else "http")


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds a port for those who share it, and does not listen itself; port 0 takes any.

    Raises SseproxyError where the port is taken, or the system has no way to share one.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise SseproxyError("--workers: this system can't share a port among processes")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with _bound(family, address, socket.SO_REUSEADDR) as alone:
            address = alone.getsockname()  # who shares does not notice that somebody else has the port
        shared = _bound(family, address, socket.SO_REUSEADDR, socket.SO_REUSEPORT)
    except OSError as error:
        raise SseproxyError(_cannot_listen(host, port, error)) from None
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # nobody else may have it from here on
    return shared


def _bound(family: int, address: Any, *options: int) -> socket.socket:
    """SO_REUSEADDR: connections that a former server has left do not keep its port."""
    sock = socket.socket(family)
    try:
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"can't listen on {host}:{port}: the port is in use; choose another with --port (0 takes any)"
    # asyncio puts a sentence of its own before the system's.
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return f"can't listen on {host}:{port}: {why[:1].lower()}{why[1:]}"


def serving_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What to serve https with; both files are PEM. Raises SseproxyError for files that don't hold it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or str(error)
        raise SseproxyError(f"--cert {certificate}: {why}") from None
    return context
