"""Exchanges in the forms that other tools read, and back from those that carry one: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sseproxy.exchange import Exchange
from sseproxy.export.curl import curl
from sseproxy.export.from_har import from_har
from sseproxy.export.from_sse import from_sse
from sseproxy.export.har import har
from sseproxy.export.imported import Import
from sseproxy.export.sse import sse

Exporter = Callable[[Iterable[tuple[str, Exchange]]], Iterator[bytes]]

FORMATS: Mapping[str, Exporter] = {
    "har": har,
    "curl": curl,
    "sse": sse,
}
"""By name: from cassettes' names and exchanges to the pieces of one document, as they are asked for."""


def exchanges(document: bytes, run: Import) -> Iterator[Exchange]:
    """What a file holds that another tool wrote: a HAR where it begins as JSON, else an event stream's text.

    Raises SseproxyError, without the file's name, for what is neither.
    """
    if document.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        yield from from_har(document, run)
    else:
        yield from_sse(document, run)
