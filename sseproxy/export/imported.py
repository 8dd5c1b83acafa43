"""What every import shares: where its ids come from, and how what a source lacked is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sseproxy.cassette import encode
from sseproxy.cassette.naming import file_name
from sseproxy.exchange import Exchange, Note
from sseproxy.redaction import Rules, mask_cassette, mask_head

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


def lines(exchange: Exchange, redaction: Rules | None = None) -> bytes:
    """The cassette's lines, secrets masked as a recorder masks them."""
    return mask_cassette(b"".join(encode.exchange(exchange)), redaction)[0]


def name(exchange: Exchange, redaction: Rules | None = None) -> str:
    """What its cassette is called."""
    try:
        wall = datetime.fromisoformat(exchange.head.wall)
    except ValueError:  # a hand has edited it
        wall = datetime.fromtimestamp(0, UTC)
    request = exchange.request
    target = mask_head(request, redaction)[0].target if request else b""
    return file_name(wall, request.method if request else "", target, exchange.head.id)
