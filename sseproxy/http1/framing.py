"""How a body's end is told, read and written (RFC 9112, sections 6, 7 and 9)."""

from __future__ import annotations

from collections.abc import Iterable

from sseproxy.exchange import Framing, Headers, ResponseHead, header, tokens
from sseproxy.http1.heads import end_to_end, field

SWITCHING_PROTOCOLS = 101


def response_framing(method: str, status: int, headers: Headers) -> Framing:
    """How the body of this final response ends (RFC 9112, section 6.3)."""
    if method == "HEAD" or status in (SWITCHING_PROTOCOLS, 204, 304):
        return Framing.NONE
    codings = tokens(headers, b"transfer-encoding")
    if codings:
        return Framing.CHUNKED if codings[-1] == b"chunked" else Framing.CLOSE
    return Framing.CLOSE if header(headers, b"content-length") is None else Framing.LENGTH


def persistent(version: str, headers: Headers) -> bool:
    """Whether the sender of this head keeps the connection open behind it (RFC 9112, section 9.3)."""
    options = tokens(headers, b"connection")
    return b"close" not in options and (version == "1.1" or b"keep-alive" in options)


def chunk(data: bytes) -> bytes:
    """One HTTP chunk; `data` must not be empty, for an empty chunk is the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Headers) -> bytes:
    """What ends a chunked body, its trailers with it."""
    return b"".join([b"0\r\n", *(field(name, value) for name, value in trailers), b"\r\n"])


class ResponseFramer:
    """The bytes of one response for one client.

    The body keeps the framing that the upstream chose, save for an HTTP/1.0 client of a chunked
    body, which gets it unchunked and ended by the close of the connection.
    """

    def __init__(self, head: ResponseHead, *, client_version: str, keep_alive: bool) -> None:
        self._head = head
        self._old = client_version == "1.0"
        self._switches = head.status == SWITCHING_PROTOCOLS
        self.chunked = head.framing is Framing.CHUNKED and not self._old
        close_delimited = head.framing is Framing.CLOSE or (head.framing is Framing.CHUNKED and self._old)
        self.keep_alive = keep_alive and not close_delimited and not self._switches
        """Whether the connection can carry another exchange after this response."""
        self.truncation_shows = not close_delimited
        """Whether closing the connection early tells the client that something is missing."""

    def head(self) -> bytes:
        lines = [b"HTTP/1.1 %d %b\r\n" % (self._head.status, self._head.reason)]
        dropped = set()
        if self._old:
            dropped.add(b"transfer-encoding")
        if self._head.framing is Framing.CHUNKED:
            dropped.add(b"content-length")  # RFC 9112, section 6.3: the sooner it is gone the better
        lines += [
            field(name, value)
            for low, name, value in end_to_end(self._head.headers, upgrade=self._switches)
            if low not in dropped
        ]
        if self.chunked and header(self._head.headers, b"transfer-encoding") is None:
            lines.append(b"Transfer-Encoding: chunked\r\n")  # a hand has taken it out of the cassette
        if self._switches:
            pass  # the connection's own fields have been passed on
        elif not self.keep_alive:
            lines.append(b"Connection: close\r\n")
        elif self._old:
            lines.append(b"Connection: keep-alive\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def body(self, pieces: Iterable[bytes]) -> bytes:
        """The pieces as one write. In a chunked body each piece stays a chunk of its own."""
        if not self.chunked:
            return b"".join(pieces)
        return b"".join([b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece])

    def last(self, trailers: Headers = ()) -> bytes:
        """What tells a client that the body is whole; empty unless the body is chunked."""
        return last_chunk(trailers) if self.chunked else b""
