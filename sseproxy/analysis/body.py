"""A response's body as a reader of text wants it: without its content coding."""

from __future__ import annotations

from sseproxy.coding import CodingError, decoder
from sseproxy.exchange import Exchange, tokens


def plain_body(exchange: Exchange) -> bytes:
    """The body, decoded as far as it can be; empty where there was no response.

    Raises CodingError for a coding that is not known here.
    """
    if exchange.response is None:
        return b""
    body = decoder(tokens(exchange.response.headers, b"content-encoding"))
    plain = []
    try:
        for _, data in exchange.arrivals:
            plain.append(body.feed(data))
    except CodingError:
        if not plain:
            raise
    return b"".join(plain)


def readable_body(exchange: Exchange) -> bytes:
    """The plain body; the coded one where the coding is not known here."""
    try:
        return plain_body(exchange)
    except CodingError:
        return exchange.body


def utf8(data: bytes) -> str | None:
    """The text that these bytes are, None where they are no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
