"""The upstream edge: one HTTP/1.1 connection, read by read, each read with its time.

A raw asyncio.Protocol over llhttp (httptools) and not an HTTP client library: a client decompresses, follows
redirects, keeps cookies, invents headers, quotes targets anew, merges reads and takes a reset
for the end of a body. Here what one call of `data_received` brings is handed on, in that call, as one
`Read`; no task wakes up for it.

The interface is small so that it can be replaced and faked: `Upstream.connect()` gives a
`Connection`; `Connection.send(head, …)` starts an exchange; its `Sink` gets reads until one has an end.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import Protocol, cast
from urllib.parse import urlsplit

import httptools

from sseproxy.clock import Clock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Ending, Framing, Headers, ResponseHead
from sseproxy.http1 import chunk, persistent, response_framing

HEAD_LIMIT = 64 * 1024
"""Bytes of a response's head."""


@dataclass(slots=True)
class Read:
    """What one read of the socket brought."""

    at: int
    """Microseconds on the connection's clock."""
    interim: list[tuple[int, bytes, Headers]] = field(default_factory=list)
    """1xx answers: status, reason, headers."""
    head: ResponseHead | None = None
    """Its `t` is 0: the edge does not know when the exchange began."""
    body: list[bytes] = field(default_factory=list)
    """Body bytes, in pieces as the upstream's chunks had them."""
    end: Ending | None = None
    trailers: Headers = ()
    detail: str = ""

    @property
    def data(self) -> bytes:
        return b"".join(self.body)


class Sink(Protocol):
    """Who receives a response."""

    def received(self, read: Read) -> None:
        """Called within the read itself. After a read with an end there is no other."""


class ConnectError(Exception):
    """No connection: how the exchange ends, and a sentence that says why."""

    def __init__(self, ending: Ending, sentence: str) -> None:
        super().__init__(sentence)
        self.ending = ending


class Upstream:
    """Where requests go."""

    def __init__(self, url: str, *, connect_timeout: float, idle_timeout: float | None) -> None:
        """`url` is http:// or https:// with a host; raises SseproxyError for anything else.

        `connect_timeout` and `idle_timeout` (the longest silence; None: no limit) are in seconds.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SseproxyError(f"--upstream {url!r}: {error}") from None
        usable = parts.scheme in ("http", "https") and parts.hostname and url.isascii()
        if not usable or parts.query or parts.fragment or not parts.hostname:
            raise SseproxyError(f"--upstream {url!r}: should be a URL such as http://localhost:3000")
        self.url = url
        self.prefix = parts.path.rstrip("/").encode()
        self.authority = parts.netloc.rpartition("@")[2].encode("ascii")
        self._host = parts.hostname
        self._port = port or (443 if parts.scheme == "https" else 80)
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout

    async def connect(self, clock: Clock) -> Connection:
        """A new connection. Raises ConnectError."""
        loop = asyncio.get_running_loop()
        where = self.authority.decode()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(clock, self._idle_timeout), self._host, self._port, ssl=self._ssl
                )
        except TimeoutError:
            sentence = f"no connection to {where} within {self._connect_timeout:g} s"
            raise ConnectError(Ending.UPSTREAM_TIMEOUT, sentence) from None
        except socket.gaierror as error:
            sentence = f"can't resolve {where}: {error.strerror}"
            raise ConnectError(Ending.CONNECT_FAILED, sentence) from None
        except ssl.SSLCertVerificationError as error:
            sentence = f"the certificate of {where} is not trusted: {error.verify_message}"
            raise ConnectError(Ending.CONNECT_FAILED, sentence) from None
        except OSError as error:
            why = (
                "connection refused" if isinstance(error, ConnectionRefusedError) else error.strerror or error
            )
            raise ConnectError(Ending.CONNECT_FAILED, f"can't connect to {where}: {why}") from None
        return connection


class Connection(asyncio.Protocol):
    """One connection to an upstream; one exchange at a time."""

    def __init__(self, clock: Clock, idle_timeout: float | None) -> None:
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._response: _ResponseParser | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._heard_at = 0
        self._reading_paused = False
        self.idle_since = 0
        """Microseconds on the clock when the last exchange ended, or the connection was made."""

    # What the proxy calls.

    @property
    def usable(self) -> bool:
        """Whether another exchange can be sent on this connection."""
        return self._transport is not None and not self._transport.is_closing() and self._sink is None

    def send(self, method: str, head: bytes, sink: Sink) -> None:
        """Starts an exchange. Call only while `usable`."""
        assert self._transport
        self._sink = sink
        self._response = _ResponseParser(method)
        self._transport.write(head)
        self._heard_at = self._clock.now()
        if self._idle_timeout:
            self._idle_timer = self._loop.call_later(self._idle_timeout, self._check_silence)

    def send_body(self, data: bytes, *, chunked: bool) -> None:
        """A part of the request's body; with `chunked`, empty data is the last chunk."""
        if self._transport and not self._transport.is_closing():
            self._transport.write((chunk(data) if data else b"0\r\n\r\n") if chunked else data)
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

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        now = self._heard_at = self._clock.now()
        if self._response is None:
            self.abort()  # nobody asked: whatever it is, the next exchange must not get it
            return
        read = self._response.feed(data, now)
        if read.interim or read.head or read.body or read.end:
            self._deliver(read, reusable=self._response.reusable)

    def eof_received(self) -> None:
        if self._response:
            self._deliver(self._response.eof(self._clock.now()), reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
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
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _check_silence(self) -> None:
        assert self._idle_timeout
        silent = (self._clock.now() - self._heard_at) / 1e6
        if self._reading_paused or silent < self._idle_timeout:
            left = self._idle_timeout if self._reading_paused else self._idle_timeout - silent
            self._idle_timer = self._loop.call_later(left, self._check_silence)
            return
        sentence = f"the upstream was silent for {self._idle_timeout:g} s"
        self._deliver(Read(self._clock.now(), end=Ending.UPSTREAM_TIMEOUT, detail=sentence), reusable=False)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


class _ResponseParser:
    """llhttp with its callbacks gathered read by read."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._parser = httptools.HttpResponseParser(self)
        self._head_bytes = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._framing: Framing | None = None  # set when the final head is complete
        self._persistent = False
        self._read = Read(0)
        self.reusable = False
        """Whether the connection can carry another exchange; known when the response has ended."""

    def feed(self, data: bytes, at: int) -> Read:
        read = self._read = Read(at)
        if self._framing is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # on_headers_complete has failed the exchange
        except httptools.HttpParserError as error:
            if not read.end:
                what = "no HTTP response" if self._framing is None else "a malformed body"
                self._fail(f"the upstream sent {what} ({error})")
            self.reusable = False
        if self._framing is None and not read.end and self._head_bytes > HEAD_LIMIT:
            self._fail(f"the upstream's response head is over {HEAD_LIMIT} bytes")
        return read

    def eof(self, at: int) -> Read:
        """What the end of the connection means here."""
        read = Read(at)
        if self._framing is Framing.CLOSE:
            read.end = Ending.EOF_UNFRAMED
        else:
            read.end = Ending.TRUNCATED
            missing = "before it answered" if self._framing is None else "in the middle of the body"
            read.detail = f"the upstream closed the connection {missing}"
        return read

    def _fail(self, sentence: str) -> None:
        self._read.end = Ending.ERROR
        self._read.detail = sentence

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._read.end:
            self.reusable = False  # bytes behind the response: not an answer to anything
        self._reason = b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._read.end:
            return
        status = self._parser.get_status_code()
        headers = tuple(self._headers)
        self._headers.clear()
        if status == 101:
            self._fail("the upstream switched protocols, which nobody asked for")
            return
        if status < 200:
            self._read.interim.append((status, self._reason, headers))
            return
        self._framing = response_framing(self._method, status, headers)
        version = self._parser.get_http_version()
        self._persistent = self._framing is not Framing.CLOSE and persistent(version, headers)
        self._read.head = ResponseHead(0, status, self._reason, version, headers, self._framing)
        if self._framing is Framing.NONE:
            self._complete()

    def on_body(self, data: bytes) -> None:
        if self._read.end:
            self.reusable = False  # llhttp can't be told that an answer to HEAD has no body
        else:
            self._read.body.append(data)

    def on_message_complete(self) -> None:
        if self._framing is not None and not self._read.end:
            self._complete()

    def _complete(self) -> None:
        self._read.end = Ending.CLEAN
        self._read.trailers = tuple(self._headers)
        self.reusable = self._persistent
