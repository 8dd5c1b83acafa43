"""One client connection: what of aiohttp's inside is used or changed stands in this module."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.http_parser import HttpRequestParserPy, RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import _ErrInfo

from sseproxy.clock import Clock
from sseproxy.http1 import HEAD_LIMIT, ResponseFramer, plain_response

log = logging.getLogger("sseproxy.server")

WAITING_LIMIT = 256 * 1024
"""Bytes that may wait for a slow client before its stream is paused."""
REFUSAL_LIMIT = 2.0
"""Seconds for which a refused client is still read, so that it can read why."""

MESSAGE_LIMIT = 200
"""Characters of what a parser says of a malformed request."""
LENGTH_DIGITS = 18
"""Of a Content-Length: an exabyte."""

_REQUEST_LINE = re.compile(rb"([^ ]+) ([^ ]+) HTTP/[0-9]\.[0-9]\r?\n")
_UNREADABLE = re.compile(r"[^ -~]")
# llhttp refuses other methods, and targets with bytes above 0x7f.
_USUAL = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE) [\x21-\x7e]+ HTTP/")


class _UnusualParser(HttpRequestParserPy):
    """aiohttp's parser in Python, for what llhttp refuses. It is slower, and strict enough."""

    def parse_message(self, lines: list[bytes]) -> RawRequestMessage:
        message = super().parse_message(lines)
        if len(message.headers.get("Content-Length", "")) > LENGTH_DIGITS:
            raise BadHttpMessage("Content-Length overflow")  # int() itself fails beyond 4,300 digits
        # aiohttp's method is in upper case.
        return message._replace(method=lines[0].partition(b" ")[0].decode("ascii"))


class Listener(Protocol):
    """Who needs to know, at once, how the client of the present exchange fares."""

    def client_paused(self) -> None: ...

    def client_resumed(self) -> None: ...

    def client_left(self) -> None: ...


class Sent(web.StreamResponse):
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


class _Tunnel:
    """In the place of aiohttp's WebSocket reader."""

    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._receive(data)
        return False, b""

    def feed_eof(self) -> None:
        pass


class Connection(web.RequestHandler):
    """aiohttp's protocol; what asyncio tells it is heard here first."""

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._clock = server.clock
        self.head_read_at = 0
        """Microseconds on the server's clock when the latest request's head was complete."""
        self.listener: Listener | None = None
        self.on_lost: list[Callable[[], None]] = []
        self._line = b""  # the beginning of a request line that has not ended yet
        self._head_size = 0  # bytes of a head that has not ended yet
        self._refused = False
        self._latest_body: StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=WAITING_LIMIT)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if not data:  # aiohttp asks itself to go on with what the parser holds
            self._parse(data)
            return
        now = self._clock.now()
        requests = self._request_count
        if self._waits_for_head():
            if not self._head_size:
                data = self._line + data
                if not self._begin_head(data):
                    return
            self._head_size += len(data)
            self._parse(data)
            if not self._waits_for_head():
                self._head_size = 0
            elif self._head_size > HEAD_LIMIT:
                self._refuse_head()
        else:
            self._parse(data)
        if self._request_count > requests:
            self.head_read_at = now

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        if not self._messages:
            return
        message, payload = self._messages[-1]
        if not isinstance(message, _ErrInfo):
            self._latest_body = payload
        elif self._latest_body and not self._latest_body.is_eof():
            # A body broke off here. aiohttp forgets it, and who reads it would wait for ever.
            self._latest_body.set_exception(web.RequestPayloadError(_said(message.exc, message.message)))
            self._latest_body.feed_eof()

    def _waits_for_head(self) -> bool:
        """Whether no request is under way: what comes is, or goes on with, a request's head."""
        waiter = self._waiter
        return self._request_count == 0 if waiter is None else not waiter.done()

    def _begin_head(self, data: bytes) -> bool:
        """Looks at a request line before the parser does. False: there is nothing to parse (yet)."""
        begun = data.lstrip(b"\r\n")
        if begun[:1] > b"\x7f" or begun[:1] < b" ":
            if begun:
                self.refuse(HTTPStatus.BAD_REQUEST, "this is no HTTP request")
            return False
        if b"\n" not in begun and len(begun) <= HEAD_LIMIT:
            self._line = begun
            return False
        self._line = b""
        if _USUAL.match(begun):
            return True
        if not _REQUEST_LINE.match(begun) and b"\n" in begun:
            self.refuse(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request")
            return False
        self._parser = _UnusualParser(
            self,
            self._loop,
            self._read_bufsize,
            max_line_size=HEAD_LIMIT,
            max_field_size=HEAD_LIMIT,
            max_headers=HEAD_LIMIT,
            payload_exception=web.RequestPayloadError,
            auto_decompress=False,
        )
        return True

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

    def tunnel(self, receive: Callable[[bytes], None]) -> None:
        """Hands what the client sends to `receive`, unparsed, what waits already first."""
        self.set_parser(_Tunnel(receive))  # type: ignore[arg-type]

    def refuse(self, status: int, why: str) -> None:
        """Answers with one line and ends the connection.

        The client is read for a while longer, and what it sends dropped: bytes that nobody has read would
        make the kernel reset the connection, and the answer be lost.
        """
        if self._refused or self.transport is None:
            return
        self._refused = True
        log.warning("refused a request: %s", why)
        head, body = plain_response(status, f"sseproxy: {why}")
        framer = ResponseFramer(head, client_version="1.1", keep_alive=False)
        self.transport.write(framer.head() + framer.body([body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._loop.call_later(REFUSAL_LIMIT, self.force_close)

    def _refuse_head(self) -> None:
        self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a head is at most {HEAD_LIMIT} bytes")

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp could not parse, or a fault of ours."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("answering %s %s failed", request.method, request.raw_path, exc_info=exc)
            self.refuse(status, "internal error, see the log")
        elif isinstance(exc, LineTooLong):
            self._refuse_head()
        else:
            self.refuse(HTTPStatus.BAD_REQUEST, f"malformed request: {_said(exc, message)}")
        return Sent(keep_alive=True)  # it is for `refuse` to close


def _said(error: BaseException | None, message: str | None) -> str:
    """One line of what a parser says of a malformed request. It may quote the request."""
    why = (message or type(error).__name__).strip().partition("\n")[0].rstrip(":")[:MESSAGE_LIMIT]
    return _UNREADABLE.sub(lambda found: ascii(found[0])[1:-1], why)


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """aiohttp's low-level server, with connections of ours."""

    def __init__(self, handler: Handler, clock: Clock) -> None:
        # handler_cancellation: a client that leaves an idle stream must be noticed at once.
        super().__init__(handler, handler_cancellation=True)
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
            max_headers=HEAD_LIMIT,  # their number; their size is limited here
        )
