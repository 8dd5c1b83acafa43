"""One connection to an upstream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import Protocol, cast

from sseproxy.clock import Clock
from sseproxy.exchange import Ending
from sseproxy.upstream.response import Read, ResponseParser, Tunnel


class Sink(Protocol):
    """Who receives a response."""

    def received(self, read: Read) -> None:
        """Called within the read itself. After a read with an end there is no other."""


_A_READ = 0.001
"""Seconds: so that the event loop reads all sockets first. uvloop asks its timers before."""


class Connection(asyncio.Protocol):
    """One connection to an upstream; one exchange at a time."""

    def __init__(self, clock: Clock, idle_timeout: float | None) -> None:
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._response: ResponseParser | Tunnel | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._heard_at = 0
        self._reading_paused = False
        self.on_full: Callable[[bool], None] = lambda full: None
        """Called with True when the upstream can't take more, and with False when it can again."""
        self._spoke_unasked = False
        self.idle_since = 0
        """Microseconds on the clock when the last exchange ended, or the connection was made."""

    # What the proxy calls.

    @property
    def usable(self) -> bool:
        """Whether another exchange can be sent on this connection."""
        return self._transport is not None and not self._transport.is_closing() and self._sink is None

    def send(self, method: str, head: bytes, sink: Sink, *, upgrade: bool = False) -> None:
        """Starts an exchange; `upgrade` where the head asks for another protocol. One at a time."""
        if not self._transport or self._transport.is_closing():
            sentence = "the upstream closed the connection before it answered"
            if self._spoke_unasked:
                sentence = "the upstream sent no HTTP response (it spoke before it was asked)"
            ending = Ending.ERROR if self._spoke_unasked else Ending.TRUNCATED
            sink.received(Read(self._clock.now(), end=ending, detail=sentence))
            return
        self._sink = sink
        self._response = ResponseParser(method, upgrade=upgrade)
        self._transport.write(head)

    def await_answer(self) -> None:
        """The request is complete: from here on silence is the upstream's."""
        self._heard_at = self._clock.now()
        if self._idle_timeout and self._sink and not self._idle_timer:
            self._idle_timer = self._loop.call_later(self._idle_timeout, self._check_silence)

    def send_more(self, data: bytes) -> None:
        """What follows the head: framed parts of the request's body, or what goes into a tunnel."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)
            self._heard_at = self._clock.now()

    async def drain(self) -> None:
        """Returns when the upstream takes more, or is gone."""
        await self._writable.wait()

    def pause(self) -> None:
        """Stops reading until `resume`: the client can't take more."""
        if self._transport and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport and self._reading_paused:
            self._reading_paused = False
            self._heard_at = self._clock.now()
            self._transport.resume_reading()

    def abort(self) -> None:
        """Drops the connection; the sink hears nothing more."""
        self._forget()
        if self._transport:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.idle_since = self._clock.now()

    def pause_writing(self) -> None:
        self._writable.clear()
        self.on_full(True)

    def resume_writing(self) -> None:
        self._writable.set()
        self.on_full(False)

    def data_received(self, data: bytes) -> None:
        now = self._heard_at = self._clock.now()
        if self._response is None:
            self._spoke_unasked = True
            self.abort()  # whatever it is, the next exchange must not get it
            return
        read = self._response.feed(data, now)
        if self._response.switched:
            self._response = Tunnel()
            self._stop_idle_timer()  # both sides may be silent for as long as they like
        if read.body or read.head or read.end or read.interim:
            self._deliver(read, reusable=self._response.reusable)

    def eof_received(self) -> None:
        if self._response:
            self._deliver(self._response.eof(self._clock.now()), reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._response and exc is not None and (unread := _unread(self._transport)):
            self.data_received(unread)
        if self._response:
            read = self._response.eof(self._clock.now())
            if exc is not None:
                read.end = Ending.UPSTREAM_RESET
                read.detail = f"the upstream broke the connection: {_reason(exc)}"
            self._deliver(read, reusable=False)
        self._transport = None
        self._writable.set()

    def _deliver(self, read: Read, *, reusable: bool) -> None:
        sink = self._sink
        assert sink
        if read.end:
            self._forget()
            self.idle_since = read.at
            if not reusable and self._transport:
                self._transport.abort()
        sink.received(read)

    def _forget(self) -> None:
        self._sink = self._response = None
        self.resume()
        self._stop_idle_timer()

    def _stop_idle_timer(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _check_silence(self, again: bool = False) -> None:
        assert self._idle_timeout
        silent = (self._clock.now() - self._heard_at) / 1e6
        if self._reading_paused or silent < self._idle_timeout:
            left = self._idle_timeout if self._reading_paused else self._idle_timeout - silent
            self._idle_timer = self._loop.call_later(left, self._check_silence)
            return
        if not again:  # where we ourselves were asleep, as a laptop is, what has come is yet to be read
            self._idle_timer = self._loop.call_later(_A_READ, self._check_silence, True)
            return
        sentence = f"the upstream was silent for {self._idle_timeout:g} s"
        self._deliver(Read(self._clock.now(), end=Ending.UPSTREAM_TIMEOUT, detail=sentence), reusable=False)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _unread(transport: asyncio.Transport | None) -> bytes:
    """What came before a write failed, and waits in the kernel still: an early answer to an upload, mostly.

    asyncio gives the connection up at the failed write and would never read it.
    """
    sock = transport and transport.get_extra_info("socket")
    if not sock or (transport and transport.get_extra_info("ssl_object")) or sock.fileno() < 0:
        return b""
    parts = []
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as copy:
        copy.setblocking(False)
        while data := copy.recv(2**16):
            parts.append(data)
    return b"".join(parts)
