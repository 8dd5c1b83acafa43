"""The proxy as a whole: requests in, one upstream connection for each client connection and upstream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sseproxy.clock import Clock
from sseproxy.exchange import Ending
from sseproxy.http1 import asks_for_websocket, plain_response, request_head
from sseproxy.metrics import Metrics
from sseproxy.printable import printable_bytes
from sseproxy.proxy.keep import tidy
from sseproxy.proxy.options import Options
from sseproxy.proxy.recorder import Recorder
from sseproxy.proxy.routes import Route, find_route, parse_routes, upstream_target
from sseproxy.proxy.session import Session
from sseproxy.proxy.tee import Tee
from sseproxy.redaction import mask_head
from sseproxy.server import BodyError, Client, Running, listen
from sseproxy.server import Connection as ClientConnection
from sseproxy.upstream import ConnectError, Connection, Upstream

log = logging.getLogger("sseproxy.proxy")
exchange_log = logging.getLogger("sseproxy.exchange")
"""One line an exchange, when it has ended, with its id."""

REUSE_LIMIT = 1_000_000
"""Microseconds that an upstream connection may idle: past that the other end may just have closed it."""
TIDY_INTERVAL = 10.0
"""Seconds between two looks at what is over --keep."""


Replay = Callable[[Client], Awaitable[bool]]
"""Answers a client from recordings; False where it can't: then it has sent nothing."""


class Proxy:
    """The recording reverse proxy."""

    def __init__(
        self,
        options: Options,
        clock: Clock,
        metrics: Metrics | None = None,
        session: Session | None = None,
        replay: Replay | None = None,
    ) -> None:
        """`session`: one that others share. `replay` is asked first.

        Raises SseproxyError for an upstream that is no URL.
        """
        self._options = options
        self._clock = clock
        self._replay = replay
        self._metrics = metrics or Metrics()
        self._routes: dict[Route, Upstream] = {}
        for prefix, url in parse_routes(options.upstreams):
            upstream = Upstream(
                url,
                connect_timeout=options.connect_timeout,
                idle_timeout=options.idle_timeout,
                tls=options.upstream_tls,
            )
            self._routes[Route(prefix, url, upstream.path)] = upstream
        self.session = session or Session(options.cassettes, clock, options.max_body, options.redaction)
        self._connections: dict[ClientConnection, dict[Route, Connection]] = {}
        self._open: set[Tee] = set()
        self._metrics.show_open_streams(lambda: len(self._open))
        self._metrics.show_lost_recordings(lambda: self.session.lost)
        self._tidying: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> Running:
        """Listens. Raises SseproxyError where it can't."""
        options = self._options
        self._server = await listen(
            self._handle, options.host, options.port, self._clock, options.tls, shared=options.shared
        )
        if options.keep:
            self._tidying = asyncio.create_task(self._tidy())
        return self._server

    @property
    def open_streams(self) -> int:
        """Exchanges under way."""
        return len(self._open)

    async def stop(self, grace: float) -> None:
        """Takes no more requests; open streams may finish for `grace` seconds and are broken off then."""
        self._server.close()
        if self._open:
            await asyncio.wait([tee.done for tee in self._open], timeout=grace)
        self._stopped = True
        for tee in list(self._open):
            tee.stop(Ending.PROXY_STOPPED, "the recording proxy was stopped")
        await self._server.stop()
        if self._tidying:
            self._tidying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tidying

    async def _handle(self, client: Client) -> None:
        if self._stopped:
            client.close()  # its request came with the stop, and is not passed on
            return
        if self._replay and await self._replay(client):
            return
        route = find_route(self._routes, client.request.target)
        if route is None:
            prefixes = ", ".join((route.prefix or b"/").decode() for route in self._routes)
            target = mask_head(client.request, self.session.rules)[0].target
            log.warning("answered 404: no upstream for %s; there are %s", printable_bytes(target), prefixes)
            client.answer(*plain_response(404, f"sseproxy: no upstream for this path; there are {prefixes}"))
            return
        if self._options.max_streams is not None and len(self._open) >= self._options.max_streams:
            log.warning("answered 503: as many streams as --max-streams allows are open")
            client.answer(*plain_response(503, "sseproxy: as many streams as --max-streams allows are open"))
            return
        await self._proxy(client, route)

    async def _proxy(self, client: Client, route: Route) -> None:
        recorder = Recorder()
        if self._options.selection.wants(client.request):
            recorder.begin(self.session, client.request, client.arrived, route.url)
        tee = Tee(client, recorder, drain=self._options.drain)
        self._open.add(tee)
        tee.done.add_done_callback(lambda _: self._ended(tee, client, recorder))
        client.connection.listener = tee
        try:
            await self._exchange(client, route, tee)
            await client.conclude(tee.framer, tee.done.result())
        except BodyError as error:
            tee.stop(Ending.ERROR, f"the client sent a malformed body: {error}")
            raise
        except Exception:
            tee.stop(Ending.ERROR, "sseproxy failed, see its log")
            raise
        finally:
            client.connection.listener = None

    async def _exchange(self, client: Client, route: Route, tee: Tee) -> None:
        """Returns when the exchange has ended, one way or another."""
        waiting = client.body_waiting()
        tee.upload(waiting, complete=client.body_complete)
        upstream = self._reusable(client.connection, route) or await self._connect(
            client.connection, route, tee
        )
        if upstream is None:
            return
        upgrade = asks_for_websocket(client.request.headers)
        tee.send(upstream, self._head(client, route, upgrade=upgrade), upgrade=upgrade)
        if client.body_complete:
            await asyncio.shield(tee.done)
        else:
            await self._finish_upload(client, upstream, tee)

    async def _finish_upload(self, client: Client, upstream: Connection, tee: Tee) -> None:
        """Goes on with the upload until the exchange has ended: a server may answer before it has all."""

        async def upload() -> None:
            async for data in client.body():
                tee.upload(data, complete=False)
                await upstream.drain()
            tee.upload(b"", complete=True)

        uploading = asyncio.create_task(upload())
        waited: set[asyncio.Future[Any]] = {uploading, tee.done}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if uploading.done():
                uploading.result()
                await asyncio.wait([tee.done])
        finally:
            uploading.cancel()
            with contextlib.suppress(asyncio.CancelledError, BodyError, OSError):
                await uploading
            if not client.body_complete:
                upstream.abort()  # it still waits for a body that will never be whole

    def _reusable(self, client: ClientConnection, route: Route) -> Connection | None:
        """The connection of this client connection to this upstream, so that order and affinity are the
        client's; None where there is none, or it idled too long.
        """
        mine = self._connections.get(client, {}).get(route)
        if mine and mine.usable and self._clock.now() - mine.idle_since <= REUSE_LIMIT:
            return mine
        return None

    async def _connect(self, client: ClientConnection, route: Route, tee: Tee) -> Connection | None:
        """A new connection in the place of the old; None where the exchange ended first, or by that."""
        if client not in self._connections:
            self._connections[client] = {}
            client.on_lost.append(lambda: self._drop(client))
        if old := self._connections[client].pop(route, None):
            old.abort()
        connecting = asyncio.ensure_future(self._routes[route].connect(self._clock))
        waited: set[asyncio.Future[Any]] = {connecting, tee.done}
        connection = None
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not tee.done.done():
                connection = self._connections[client][route] = connecting.result()
        except ConnectError as error:
            tee.stop(error.ending, str(error))
        finally:
            if connection is None:
                connecting.add_done_callback(_discard)
                connecting.cancel()
        return connection

    def _drop(self, client: ClientConnection) -> None:
        for mine in self._connections.pop(client).values():
            if mine.usable:  # else an exchange that goes on without its client still reads from it
                mine.abort()

    def _head(self, client: Client, route: Route, *, upgrade: bool) -> bytes:
        request = client.request
        return request_head(
            request.method,
            upstream_target(route, request.target),
            request.headers,
            host=self._routes[route].authority,
            keep_host=self._options.keep_host,
            keep_encoding=self._options.keep_encoding,
            upgrade=upgrade,
        )

    def _ended(self, tee: Tee, client: Client, recorder: Recorder) -> None:
        self._open.discard(tee)
        recording = recorder.recording
        end = recording.end if recording else None
        ending = end.reason if end else tee.done.result().reason
        self._metrics.ended(ending, self._clock.now() - client.arrived)
        expected = ending.whole or ending in (Ending.CLIENT_LEFT, Ending.LIMIT)
        level = logging.INFO if expected else logging.WARNING
        if recording and end and exchange_log.isEnabledFor(level):
            exchange_log.log(
                level,
                "%s %s %s, %d bytes in %.3f s, %s%s",
                client.request.method,
                printable_bytes(recording.target),
                recording.status or "-",
                end.bytes,
                end.t / 1e6,
                ending,
                f": {end.detail}" if end.detail else "",
                extra={"exchange": recording.head.id},
            )

    async def _tidy(self) -> None:
        """Looks after --keep, now and then, off the event loop: a folder may be long."""
        assert self._options.keep
        while True:
            now = self._clock.wall().timestamp()
            await asyncio.to_thread(tidy, self._options.cassettes, self._options.keep, now)
            await asyncio.sleep(TIDY_INTERVAL)


def _discard(connecting: asyncio.Future[Connection]) -> None:
    """A connection that came too late is not left open."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().abort()
