"""The client of one exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sseproxy.exchange import End, Ending, Headers, Request, ResponseHead, tokens
from sseproxy.http1 import ResponseFramer, interim_head, own_answer
from sseproxy.server.connection import Connection
from sseproxy.server.transport import reset


class BodyError(Exception):
    """The client's body breaks the rules of its framing."""


_MALFORMED = (web.RequestPayloadError, HttpProcessingError)


def _body_error(error: BaseException) -> BodyError:
    why = str(error).removeprefix("400, message:").strip()  # as aiohttp's own begin
    return BodyError(why.partition("\n")[0])


class Client:
    """The client of one exchange: its request, and the connection to answer on."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._incoming = request
        self.connection = cast(Connection, request.protocol)
        self.arrived = self.connection.head_read_at
        """Microseconds, on the server's clock, when the request's head had come."""
        self.request = Request(
            method=request.method,
            target=request.raw_path.encode("utf-8", "surrogateescape"),
            version=f"{request.version.major}.{request.version.minor}",
            headers=tuple(request.raw_headers),
        )
        """Without its body."""
        self.keep_alive = False
        self._answered = False
        self._transport = cast(asyncio.Transport, request.transport)
        self._collected: bytes | None = None

    @property
    def chunked(self) -> bool:
        """Whether the request's body came chunked."""
        return bool(tokens(self.request.headers, b"transfer-encoding"))

    def check_body(self) -> None:
        """Raises BodyError if what has come of the body is malformed already."""
        if error := self._incoming.content.exception():
            raise _body_error(error)

    def body_waiting(self) -> bytes:
        """What of the body has come already. Raises BodyError where it is malformed."""
        if self._collected is not None:
            waiting, self._collected = self._collected, None
            return waiting
        try:
            return self._incoming.content.read_nowait()
        except _MALFORMED as error:
            raise _body_error(error) from None

    @property
    def body_complete(self) -> bool:
        content = self._incoming.content
        return content.at_eof() and content.exception() is None

    @property
    def trailers(self) -> Headers:
        """The fields behind a chunked body; known when it is complete."""
        return self.connection.trailers if self.body_complete else ()

    async def body(self) -> AsyncIterator[bytes]:
        """The rest of the body, as it comes. Raises BodyError where it is malformed, OSError where cut."""
        try:
            while data := await self._incoming.content.readany():
                yield data
        except _MALFORMED as error:
            raise _body_error(error) from None

    async def whole_body(self) -> bytes:
        """All of the body. It waits still, for one who streams it. Raises as `body` does."""
        parts = [self.body_waiting()]
        if not self.body_complete:
            self.invite_body()
            parts += [data async for data in self.body()]
        self._collected = b"".join(parts)
        return self._collected

    def invite_body(self) -> None:
        """Lets a client go on that waits for leave to send its body (RFC 9110, section 10.1.1)."""
        waits = b"100-continue" in tokens(self.request.headers, b"expect")
        if waits and self.request.version == "1.1" and not self.body_complete:
            self._transport.write(interim_head(100, b"Continue", ()))

    def framer(self, head: ResponseHead) -> ResponseFramer:
        """How to write the response that has this head to this client."""
        version = self.request.version
        goes_on = self._incoming.keep_alive and not self.connection.last_request
        return ResponseFramer(head, client_version=version, keep_alive=goes_on)

    def write(self, data: bytes) -> None:
        """Hands bytes to the connection; what comes after the client left is dropped."""
        self._answered = True
        if not self._transport.is_closing() and not self.connection.refused:
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
            await reset(self._transport)
        else:
            self.close()

    def tunnel(self, receive: Callable[[bytes], None]) -> None:
        """From here on the connection carries no HTTP: what the client sends goes to `receive`."""
        self.connection.tunnel(receive)

    def hold(self, full: bool) -> None:
        """Reads nothing more of a tunnel's client while `full`."""
        if full:
            self._transport.pause_reading()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Sends what is owed, then FIN."""
        self._transport.close()

    def fail(self, status: int, why: str) -> None:
        """Breaks the exchange off: with an answer if none has begun, for nothing may follow what was sent."""
        if self._answered:
            self._transport.abort()
        else:
            self.connection.refuse(status, why)
            self.keep_alive = True  # it is for `refuse` to close
