"""A client of our own for the demo: it reads as the recorder does, each read with its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sseproxy.analysis.events import TimedEvent
from sseproxy.clock import Clock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Arrival, End, Exchange, Head, Request, ResponseHead
from sseproxy.http1 import request_head
from sseproxy.sse import EventStreamParser
from sseproxy.upstream import ConnectError, Read, Upstream


class _Listener:
    """Gathers a response and hands on its events as they are complete."""

    def __init__(self, sent: int, on_event: Callable[[TimedEvent], None]) -> None:
        self._sent = sent
        self._on_event = on_event
        self._parser = EventStreamParser()
        self.response: ResponseHead | None = None
        self.arrivals: list[Arrival] = []
        self.end: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def received(self, read: Read) -> None:
        t = read.at - self._sent
        if read.head:
            self.response = replace(read.head, t=t)
        if read.body:
            self.arrivals.append(Arrival(t, read.data))
            for event in self._parser.feed(read.data):
                self._on_event(TimedEvent(t, event))
        if read.end and not self.end.done():  # done: Ctrl-C has cancelled it
            self.end.set_result(
                End(t, read.end, sum(len(data) for _, data in self.arrivals), detail=read.detail)
            )


async def ask(
    url: str, target: str, body: bytes, clock: Clock, on_event: Callable[[TimedEvent], None]
) -> Exchange:
    """POSTs a JSON body and gives the whole exchange as this client saw it, timed from its request."""
    server = Upstream(url, connect_timeout=10, idle_timeout=60)
    try:
        connection = await server.connect(clock)
    except ConnectError as error:
        raise SseproxyError(str(error)) from None
    headers = (
        (b"Host", server.authority),
        (b"Content-Type", b"application/json"),
        (b"Content-Length", str(len(body)).encode()),
    )
    request = Request("POST", target.encode(), "1.1", headers, body)
    head = request_head(
        request.method, request.target, headers, host=server.authority, keep_host=True, keep_encoding=True
    )
    listener = _Listener(clock.now(), on_event)
    connection.send(request.method, head + body, listener)
    end = await listener.end
    connection.abort()
    seen = Head(id="", by="", wall="", session="", session_t=0, upstream=url)
    return Exchange(seen, request, listener.response, tuple(listener.arrivals), (), end)
