"""Exports and imports in a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import count

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Exchange
from sseproxy.export import FORMATS, exchanges
from sseproxy.export.imported import Import
from tests.e2e.record_cassettes import FOLDER

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@cache
def captured() -> dict[str, Exchange]:
    """The cassettes of the real server's responses by their captures' names."""
    return {path.name.removesuffix(".sse.jsonl"): load(path) for path in find([FOLDER])}


def export(form: str, *values: Exchange) -> bytes:
    return b"".join(FORMATS[form]((f"{number}.sse.jsonl", value) for number, value in enumerate(values)))


def imported(document: bytes) -> list[Exchange]:
    ids: Iterator[int] = count(1)
    return list(exchanges(document, Import("the import", NOW, lambda _: f"new {next(ids)}")))
