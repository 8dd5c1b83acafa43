"""What is asked of a library of recordings. Where they are kept, and how read, is another's business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from sseproxy.exchange import Ending, Exchange, Head, Request


class Library(Protocol):
    """Recordings by number, from 0."""

    def requests(self) -> Iterator[tuple[int, Head, Request]]:
        """All recordings that have a request."""

    def request(self, number: int) -> Request: ...

    def size(self, number: int) -> int:
        """How many bytes have to be read for it."""

    def exchange(self, number: int) -> Exchange: ...

    def name(self, number: int) -> str:
        """What a person finds it by."""

    def status(self, number: int) -> int | None:
        """Of its response; None where it has none."""

    def is_answered(self, number: int) -> bool:
        """Whether it has a response, and the recorder's stop did not cut it off."""


class Loaded:
    """Recordings that are in memory already."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = list(exchanges)

    def requests(self) -> Iterator[tuple[int, Head, Request]]:
        for number, exchange in enumerate(self._exchanges):
            if exchange.request:
                yield number, exchange.head, exchange.request

    def request(self, number: int) -> Request:
        request = self._exchanges[number].request
        assert request
        return request

    def size(self, number: int) -> int:
        return 0

    def exchange(self, number: int) -> Exchange:
        return self._exchanges[number]

    def status(self, number: int) -> int | None:
        response = self._exchanges[number].response
        return response.status if response else None

    def is_answered(self, number: int) -> bool:
        exchange = self._exchanges[number]
        return exchange.response is not None and exchange.ending is not Ending.PROXY_STOPPED

    def name(self, number: int) -> str:
        return self._exchanges[number].head.id
