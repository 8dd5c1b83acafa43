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
from sseproxy.exchange import Headers
from sseproxy.http1 import HEAD_LIMIT, Intake, RefusedError, ResponseFramer, plain_response

log = logging.getLogger("sseproxy.server")

WAITING_LIMIT = 256 * 1024
"""Bytes that may wait for a slow client before its stream is paused."""
REFUSAL_LIMIT = 2.0
"""Seconds for which a refused client is still read, so that it can read why."""

MESSAGE_LIMIT = 200
"""Characters of what a parser says of a malformed request."""
LENGTH_DIGITS = 18
"""Of a Content-Length: an exabyte."""

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
        self.last_request = False
        """Set when the server stops: no request is taken after the present one."""
        self._intake = Intake()
        self._body: StreamReader | None = None  # of the latest request
        self._holding = False
        self._refused = False

    # aiohttp sets this when it waits for a request, which is when the next one may be parsed.

    @property
    def _waiter(self) -> asyncio.Future[None] | None:
        return self._idle

    @_waiter.setter
    def _waiter(self, waiter: asyncio.Future[None] | None) -> None:
        self._idle = waiter
        if waiter is not None and (self._holding or self.last_request):
            self._loop.call_soon(self._advance)

    def _waits_for_request(self) -> bool:
        return self._request_count == 0 if self._idle is None else not self._idle.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=WAITING_LIMIT)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        # Nothing: aiohttp asks itself to go on with what its parser holds.
        if not data or self._payload_parser is not None:
            self._parse(data)
        else:
            self._intake.feed(data)
            self._advance()

    def _advance(self) -> None:
        """Parses what can be: the rest of a body, then the next head when nothing else is under way."""
        self._hold(False)
        while not self._refused and self.transport is not None:
            if self._intake.body_is_due:
                self._take_body()
            if self._intake.body_is_due or not self._waits_for_request():
                break
            if self.last_request:
                self.force_close()
                return
            try:
                head = self._intake.take_head()
            except RefusedError as error:
                self.refuse(error.status, str(error))
                return
            if head is None:
                return
            self._take_head(head)
        if self._intake.size:
            self._hold(True)

    def _take_body(self) -> None:
        try:
            body = self._intake.take_body()
        except RefusedError as error:
            self._intake.take_all()
            self.last_request = True  # where the next one would begin can't be told any more
            self._break_body(str(error))
        else:
            if body:
                self._parse(body)

    def _take_head(self, head: bytes) -> None:
        if not _USUAL.match(head):
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
        self.head_read_at = self._clock.now()
        self._parse(head)
        message = self._messages[-1][0] if self._messages else None
        if isinstance(message, RawRequestMessage):
            length = int(message.headers.get("Content-Length", 0))
            self._intake.expect_body(None if message.chunked else length)

    def _hold(self, hold: bool) -> None:
        """Keeps what comes behind the present request, and no more than a little of it."""
        self._holding = hold
        if self.transport is None or self.transport.is_closing():
            return
        if hold and self._intake.size > HEAD_LIMIT:
            self.transport.pause_reading()
        elif not hold and not self._reading_paused and not self._buffer_paused:
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        if not self._messages:
            return
        message, payload = self._messages[-1]
        if not isinstance(message, _ErrInfo):
            self._body = payload
        else:
            self._break_body(_said(message.exc, message.message))

    def _break_body(self, why: str) -> None:
        """A body broke off here. aiohttp forgets it, and who reads it would wait for ever."""
        if self._body and not self._body.is_eof():
            self._body.set_exception(web.RequestPayloadError(why))
            self._body.feed_eof()

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
        if early := self._intake.take_all():
            receive(early)
        self._hold(False)

    @property
    def trailers(self) -> Headers:
        """The fields behind the latest request's chunked body, when it is complete."""
        return self._intake.trailers

    @property
    def refused(self) -> bool:
        """Whether the client has been refused: nothing may be sent to it any more."""
        return self._refused

    def wind_down(self) -> None:
        """Takes no request after the present one; closes at once where there is none."""
        self.last_request = True
        if self._waits_for_request():
            self.force_close()

    def refuse(self, status: int, why: str) -> None:
        """Answers with one line and ends the connection.

        The client is read for a while longer, and what it sends dropped: bytes that nobody has read would
        make the kernel reset the connection, and the answer be lost.
        """
        if self._refused or self.transport is None:
            return
        self._refused = True
        self._messages.clear()  # what was sent behind it is not answered, and so not passed on
        log.warning("refused a request: %s", why)
        head, body = plain_response(status, f"sseproxy: {why}")
        framer = ResponseFramer(head, client_version="1.1", keep_alive=False)
        self.transport.write(framer.head() + framer.body([body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._loop.call_later(REFUSAL_LIMIT, self.force_close)

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
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a head is at most {HEAD_LIMIT} bytes")
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
