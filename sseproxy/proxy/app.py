"""The proxy as a whole: requests in, one upstream connection for each client connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sseproxy.clock import Clock
from sseproxy.exchange import Ending
from sseproxy.http1 import request_head
from sseproxy.proxy.recording import Recording, Session
from sseproxy.proxy.tee import Tee
from sseproxy.server import Client, Running, listen
from sseproxy.server import Connection as ClientConnection
from sseproxy.upstream import ConnectError, Connection, Upstream

log = logging.getLogger("sseproxy.proxy")

REUSE_LIMIT = 1_000_000
"""Microseconds that an upstream connection may idle: past that the other end may just have closed it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to proxy. Times are in seconds."""

    upstream: str
    cassettes: Path
    host: str = "127.0.0.1"
    port: int = 8080
    keep_encoding: bool = False
    keep_host: bool = False
    connect_timeout: float = 10.0
    idle_timeout: float | None = None
    """The longest silence of the upstream; None: a slow model may think for as long as it wants."""


class Proxy:
    """The recording reverse proxy, as an async context manager that listens while it is entered."""

    def __init__(self, options: Options, clock: Clock) -> None:
        """Raises SseproxyError for an upstream that is no URL."""
        self._options = options
        self._clock = clock
        self._upstream = Upstream(
            options.upstream,
            connect_timeout=options.connect_timeout,
            idle_timeout=options.idle_timeout,
        )
        self.session = Session(options.cassettes, clock)
        self._upstreams: dict[ClientConnection, Connection] = {}
        self._open: set[Tee] = set()

    async def start(self) -> Running:
        """Listens. Raises SseproxyError where it can't."""
        self._server = await listen(self._handle, self._options.host, self._options.port, self._clock)
        return self._server

    async def stop(self, grace: float) -> None:
        """Takes no more requests; open streams may finish for `grace` seconds and are broken off then."""
        self._server.close()
        if self._open:
            await asyncio.wait([tee.done for tee in self._open], timeout=grace)
        for tee in list(self._open):
            tee.stop(Ending.PROXY_STOPPED, "the recording proxy was stopped")
        await self._server.stop()

    async def _handle(self, client: Client) -> None:
        recording = self.session.record(client.request, client.arrived, self._upstream.url)
        tee = Tee(client, recording)
        self._open.add(tee)
        client.connection.listener = tee
        try:
            await self._exchange(client, tee, recording)
            end = tee.done.result()
            await client.conclude(tee.framer, end)
        except BaseException:
            tee.stop(Ending.ERROR, "sseproxy failed, see its log")
            raise
        finally:
            client.connection.listener = None
            self._open.discard(tee)
            self._log(client, recording)

    async def _exchange(self, client: Client, tee: Tee, recording: Recording) -> None:
        """Returns when the exchange has ended, one way or another."""
        waiting = client.body_waiting()
        complete = client.body_complete
        recording.upload(waiting, complete=complete)
        try:
            upstream = await self._connection(client.connection)
        except ConnectError as error:
            tee.stop(error.ending, str(error))
            return
        tee.attach(upstream)
        chunked = client.chunked
        upstream.send(client.request.method, self._head(client), tee)
        if waiting:
            upstream.send_body(waiting, chunked=chunked)
        if complete:
            if chunked:
                upstream.send_body(b"", chunked=True)
            await asyncio.wait([tee.done])  # a wait does not cancel what it waits for
            return
        upload = asyncio.create_task(self._upload(client, upstream, recording))
        try:
            waited: set[asyncio.Future[Any]] = {upload, tee.done}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if upload.done():
                upload.result()
                await asyncio.wait([tee.done])
        finally:
            upload.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await upload

    async def _upload(self, client: Client, upstream: Connection, recording: Recording) -> None:
        async for data in client.body():
            recording.upload(data, complete=False)
            upstream.send_body(data, chunked=client.chunked)
            await upstream.drain()
        recording.upload(b"", complete=True)
        if client.chunked:
            upstream.send_body(b"", chunked=True)

    async def _connection(self, client: ClientConnection) -> Connection:
        """The upstream connection that belongs to this client connection, so that order and affinity
        are the client's; a new one where there is none or it idled too long. Raises ConnectError.
        """
        mine = self._upstreams.get(client)
        if mine:
            if mine.usable and self._clock.now() - mine.idle_since <= REUSE_LIMIT:
                return mine
            mine.abort()
        else:
            client.on_lost.append(lambda: self._drop(client))
        mine = self._upstreams[client] = await self._upstream.connect(self._clock)
        return mine

    def _drop(self, client: ClientConnection) -> None:
        if mine := self._upstreams.pop(client, None):
            mine.abort()

    def _head(self, client: Client) -> bytes:
        request = client.request
        return request_head(
            request.method,
            self._upstream.prefix + request.target,
            request.headers,
            host=None if self._options.keep_host else self._upstream.authority,
            keep_encoding=self._options.keep_encoding,
        )

    def _log(self, client: Client, recording: Recording) -> None:
        end = recording.end
        if end:
            request = client.request
            target = recording.target.decode("utf-8", "backslashreplace")
            status = f" {recording.status}" if recording.status else ""
            detail = f": {end.detail}" if end.detail else ""
            log.info(
                "%s %s%s, %d bytes in %.3f s, %s%s",
                request.method,
                target,
                status,
                end.bytes,
                end.t / 1e6,
                end.reason,
                detail,
            )
