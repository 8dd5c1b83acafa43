"""What every import shares: where its ids come from, and how what a source lacked is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sseproxy.cassette import encode
from sseproxy.cassette.naming import file_name
from sseproxy.exchange import Exchange, Note
from sseproxy.redaction import mask_headers, mask_request, mask_response, mask_url

TAG = "imported"
"""The tag of a note that says what the source did not carry."""


@dataclass(frozen=True, slots=True)
class Import:
    """The run of an import, which is a session of its own."""

    session: str
    now: datetime
    new_id: Callable[[datetime], str]


def notes(sentences: Iterable[str]) -> tuple[Note, ...]:
    """At the head of the cassette, for a reader to meet them first."""
    return tuple(Note(0, sentence, (TAG,), 0) for sentence in sentences)


def lines(exchange: Exchange) -> Iterator[bytes]:
    """The cassette's lines, credentials masked as a recorder masks them."""
    redacted: list[str] = []
    answered: list[str] = []
    request, response = exchange.request, exchange.response
    if request:
        request, redacted = mask_request(request)
        trailers, in_trailers = mask_headers(request.trailers)
        request, redacted = replace(request, trailers=trailers), redacted + in_trailers
    if response:
        response, answered = mask_response(response)
    head = replace(exchange.head, upstream=mask_url(exchange.head.upstream))
    end = exchange.end and replace(exchange.end, trailers=mask_headers(exchange.end.trailers)[0])
    masked = replace(exchange, head=head, request=request, response=response, end=end)
    return encode.exchange(masked, redacted, answered)


def name(exchange: Exchange) -> str:
    """What its cassette is called."""
    try:
        wall = datetime.fromisoformat(exchange.head.wall)
    except ValueError:  # a hand has edited it
        wall = datetime.fromtimestamp(0, UTC)
    request = exchange.request
    target = mask_request(request)[0].target if request else b""
    return file_name(wall, request.method if request else "", target, exchange.head.id)
