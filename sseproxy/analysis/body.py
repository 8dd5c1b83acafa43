"""A response's body as a reader of text wants it: without its content coding."""

from __future__ import annotations

from collections.abc import Iterator

from sseproxy.coding import CodingError, decoder
from sseproxy.exchange import Exchange, Headers, tokens

INFLATED = 64 * 1024 * 1024
"""Plain bytes of a compressed body that are looked at: a few hundred KB can stand for as many as these, and
a few more for gigabytes.
"""


class Plain:
    """A body on its way to the eyes."""

    def __init__(self, headers: Headers) -> None:
        """Raises CodingError for a coding that is not known here."""
        codings = tokens(headers, b"content-encoding")
        self._decoder = decoder(codings)
        self._room = INFLATED if set(codings) - {b"identity"} else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What an arrival adds to the plain body, in pieces. Raises CodingError, also of what is too much."""
        if self._room is None:
            yield data
            return
        for piece in self._decoder.pieces(data):
            yield piece[: self._room]
            self._room -= len(piece)
            if self._room < 0:
                raise CodingError(
                    f"the body inflates to more than {INFLATED // 2**20} MiB: the rest is not looked at"
                )

    def finish(self) -> None:
        """Raises CodingError where the coded body ended too early."""
        self._decoder.finish()


def plain_pieces(exchange: Exchange) -> Iterator[bytes]:
    """The body, decoded as far as it can be; nothing where there was no response.

    Raises CodingError for a coding that is not known here.
    """
    if exchange.response is None:
        return
    body = Plain(exchange.response.headers)
    begun = False
    try:
        for _, data in exchange.arrivals:
            for piece in body.feed(data):
                yield piece
                begun = True
            begun = True
    except CodingError:
        if not begun:
            raise


def plain_body(exchange: Exchange) -> bytes:
    """The same as a whole."""
    return b"".join(plain_pieces(exchange))


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
