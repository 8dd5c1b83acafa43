"""The event stream itself, as a client reads it: the body without framing and coding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sseproxy.analysis.body import plain_body
from sseproxy.coding import CodingError
from sseproxy.errors import NoStreamError, SseproxyError
from sseproxy.exchange import Exchange, media_type


def sse(sources: Iterable[tuple[str, Exchange]]) -> Iterator[bytes]:
    """The bytes of the one event stream among these; exchanges with other bodies are passed over.

    Raises SseproxyError for a second stream, which would run into the first, for none, and for a
    coding that is not known here: before anything is given.
    """
    found: tuple[str, Exchange] | None = None
    for name, exchange in sources:
        if exchange.response is None or media_type(exchange.response.headers) != b"text/event-stream":
            continue
        if found:
            raise SseproxyError(f"{name}: raw SSE holds one stream, and there is {found[0]} already")
        found = name, exchange
    if not found:
        raise NoStreamError("there is no event stream in these cassettes")
    name, exchange = found
    try:
        yield plain_body(exchange)
    except CodingError as error:
        raise SseproxyError(f"{name}: {error}") from None
