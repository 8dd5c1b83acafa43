"""Heads as an intermediary passes them on (RFC 9110, section 7.6)."""

from __future__ import annotations

from collections.abc import Iterable

from sseproxy.exchange import Headers, header, tokens

# RFC 9110, 7.6.1: these concern one connection, and so do the fields that Connection names.
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"})
# A sender that names one of these in Connection must not make us drop what frames or routes the message.
_NEVER_NAMED = frozenset({b"transfer-encoding", b"content-length", b"host"})

SCOPE = b"x-sseproxy-scope"
"""The request header that gives a caller sequences of its own: said to us, and to no server behind us."""


def end_to_end(headers: Headers, *, upgrade: bool = False) -> Iterable[tuple[bytes, bytes, bytes]]:
    """(lower-case name, name, value) of the fields that go on to the next hop, in order.

    With `upgrade` the two that ask for, or grant, another protocol go on as well.
    """
    dropped = (_HOP_BY_HOP | set(tokens(headers, b"connection"))) - _NEVER_NAMED
    if upgrade:
        dropped -= {b"connection", b"upgrade"}
    for name, value in headers:
        low = name.lower()
        if low not in dropped:
            yield low, name, value


def field(name: bytes, value: bytes) -> bytes:
    return b"%b: %b\r\n" % (name, value)


def request_head(
    method: str,
    target: bytes,
    headers: Headers,
    *,
    host: bytes,
    keep_host: bool,
    keep_encoding: bool,
    upgrade: bool = False,
) -> bytes:
    """The head to send upstream. `host` takes the place of the client's, unless that is kept; `upgrade`
    leaves the client's wish for another protocol in. `SCOPE` goes no further.

    Order, case, duplicates and values of all else stay as the client sent them.
    """
    lines = [b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target)]
    if header(headers, b"host") is None:
        lines.append(field(b"Host", host))  # an HTTP/1.0 client may have sent none
    encoding_told = False
    for low, name, value in end_to_end(headers, upgrade=upgrade):
        if low == b"host" and not keep_host:
            lines.append(field(name, host))
        elif low == b"accept-encoding" and not keep_encoding:
            if not encoding_told:
                lines.append(field(name, b"identity"))
            encoding_told = True
        elif low != SCOPE:
            lines.append(field(name, value))
    lines.append(b"\r\n")
    return b"".join(lines)


def interim_head(status: int, reason: bytes, headers: Headers) -> bytes:
    """A 1xx answer; only an HTTP/1.1 client may get one (RFC 9110, section 15.2)."""
    fields = [field(name, value) for _, name, value in end_to_end(headers)]
    return b"".join([b"HTTP/1.1 %d %b\r\n" % (status, reason), *fields, b"\r\n"])
