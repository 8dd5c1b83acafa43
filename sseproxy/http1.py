"""HTTP/1.1 heads and framing as an intermediary has to write them: values in, bytes out.

The rules are RFC 9110, section 7.6 (what an intermediary changes) and RFC 9112, sections 6 and 7 (framing).
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from sseproxy.exchange import End, Ending, Framing, Headers, ResponseHead, header, tokens

# RFC 9110, 7.6.1: these concern one connection, and so do the fields that Connection names.
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"})
# A sender that names one of these in Connection must not make us drop what frames or routes the message.
_NEVER_NAMED = frozenset({b"transfer-encoding", b"content-length", b"host"})


def _end_to_end(headers: Headers) -> Iterable[tuple[bytes, bytes, bytes]]:
    """(lower-case name, name, value) of the fields that go on to the next hop, in order."""
    named = frozenset(tokens(headers, b"connection")) - _NEVER_NAMED
    for name, value in headers:
        low = name.lower()
        if low not in _HOP_BY_HOP and low not in named:
            yield low, name, value


def _field(name: bytes, value: bytes) -> bytes:
    return b"%b: %b\r\n" % (name, value)


def request_head(
    method: str,
    target: bytes,
    headers: Headers,
    *,
    host: bytes | None,
    keep_encoding: bool,
) -> bytes:
    """The head to send upstream. `host` None leaves the client's own Host.

    Order, case, duplicates and values of all else stay as the client sent them.
    """
    lines = [b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target)]
    if host is not None and header(headers, b"host") is None:
        lines.append(_field(b"Host", host))  # an HTTP/1.0 client may have sent none
    encoding_told = False
    for low, name, value in _end_to_end(headers):
        if low == b"host" and host is not None:
            lines.append(_field(name, host))
        elif low == b"accept-encoding" and not keep_encoding:
            if not encoding_told:
                lines.append(_field(name, b"identity"))
            encoding_told = True
        else:
            lines.append(_field(name, value))
    lines.append(b"\r\n")
    return b"".join(lines)


def response_framing(method: str, status: int, headers: Headers) -> Framing:
    """How the body of this final response ends (RFC 9112, section 6.3)."""
    if method == "HEAD" or status in (204, 304):
        return Framing.NONE
    codings = tokens(headers, b"transfer-encoding")
    if codings:
        return Framing.CHUNKED if codings[-1] == b"chunked" else Framing.CLOSE
    return Framing.CLOSE if header(headers, b"content-length") is None else Framing.LENGTH


def persistent(version: str, headers: Headers) -> bool:
    """Whether the sender of this head keeps the connection open behind it (RFC 9112, section 9.3)."""
    options = tokens(headers, b"connection")
    return b"close" not in options and (version == "1.1" or b"keep-alive" in options)


def interim_head(status: int, reason: bytes, headers: Headers) -> bytes:
    """A 1xx answer; only an HTTP/1.1 client may get one (RFC 9110, section 15.2)."""
    fields = [_field(name, value) for _, name, value in _end_to_end(headers)]
    return b"".join([b"HTTP/1.1 %d %b\r\n" % (status, reason), *fields, b"\r\n"])


def chunk(data: bytes) -> bytes:
    """One HTTP chunk; `data` must not be empty, for an empty chunk is the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class ResponseFramer:
    """The bytes of one response for one client.

    The body keeps the framing that the upstream chose, save for an HTTP/1.0 client of a chunked
    body, which gets it unchunked and ended by the close of the connection.
    """

    def __init__(self, head: ResponseHead, *, client_version: str, keep_alive: bool) -> None:
        self._head = head
        self._old = client_version == "1.0"
        self.chunked = head.framing is Framing.CHUNKED and not self._old
        close_delimited = head.framing is Framing.CLOSE or (head.framing is Framing.CHUNKED and self._old)
        self.keep_alive = keep_alive and not close_delimited
        """Whether the connection can carry another exchange after this response."""
        self.truncation_shows = not close_delimited
        """Whether closing the connection early tells the client that something is missing."""

    def head(self) -> bytes:
        lines = [b"HTTP/1.1 %d %b\r\n" % (self._head.status, self._head.reason)]
        lines += [
            _field(name, value)
            for low, name, value in _end_to_end(self._head.headers)
            if low != b"transfer-encoding" or self.chunked
        ]
        if not self.keep_alive:
            lines.append(b"Connection: close\r\n")
        elif self._old:
            lines.append(b"Connection: keep-alive\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def body(self, pieces: Iterable[bytes]) -> bytes:
        """The pieces as one write. In a chunked body each piece stays a chunk of its own."""
        return b"".join(map(chunk, pieces) if self.chunked else pieces)

    def last(self, trailers: Headers = ()) -> bytes:
        """What tells a client that the body is whole; empty unless the body is chunked."""
        if not self.chunked:
            return b""
        return b"".join([b"0\r\n", *(_field(name, value) for name, value in trailers), b"\r\n"])


def plain_response(status: int, sentence: str, headers: Headers = ()) -> tuple[ResponseHead, bytes]:
    """An answer of our own: the head and a body of one sentence."""
    body = f"{sentence}\n".encode()
    fields = (
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(body)).encode()),
        *headers,
    )
    reason = HTTPStatus(status).phrase.encode()
    return ResponseHead(0, status, reason, "1.1", fields, Framing.LENGTH), body


_OWN_STATUS = {
    Ending.UPSTREAM_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Ending.PROXY_STOPPED: HTTPStatus.SERVICE_UNAVAILABLE,
}
_SILENT = frozenset({Ending.CLIENT_LEFT, Ending.INCOMPLETE})


def own_answer(end: End) -> tuple[ResponseHead, bytes] | None:
    """What the client gets where the upstream gave no head; None: the connection just closes.

    The recorder and the replay both come here, so they say the same.
    """
    if end.reason in _SILENT:
        return None
    return plain_response(_OWN_STATUS.get(end.reason, HTTPStatus.BAD_GATEWAY), f"sseproxy: {end.detail}")
