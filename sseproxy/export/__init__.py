"""Exchanges in the forms that other tools read, and back from those that carry one: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from sseproxy.dialects import DIALECTS, Dialect
from sseproxy.exchange import Exchange
from sseproxy.export.curl import curl
from sseproxy.export.from_har import from_har
from sseproxy.export.from_sse import from_sse
from sseproxy.export.har import har
from sseproxy.export.imported import Import
from sseproxy.export.rows import as_csv, jsonl
from sseproxy.export.sse import sse
from sseproxy.export.trace import trace

Sources = Iterable[tuple[str, Exchange]]


class Exporter(Protocol):
    """From cassettes' names and exchanges to the pieces of one document, as they are asked for."""

    def __call__(self, sources: Sources, dialects: Sequence[Dialect] = ...) -> Iterator[bytes]: ...


FORMATS: Mapping[str, Exporter] = {
    "har": lambda sources, dialects=DIALECTS: har(sources),
    "trace": trace,
    "curl": lambda sources, dialects=DIALECTS: curl(sources),
    "sse": lambda sources, dialects=DIALECTS: sse(sources),
    "csv": as_csv,
    "jsonl": jsonl,
}


def exchanges(document: bytes, run: Import) -> Iterator[Exchange]:
    """What a file holds that another tool wrote: a HAR where it begins as JSON, else an event stream's text.

    Raises SseproxyError, without the file's name, for what is neither.
    """
    if document.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        yield from from_har(document, run)
    else:
        yield from_sse(document, run)
