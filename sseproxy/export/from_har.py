"""HTTP Archives to exchanges: our own without a loss, others' with a note of what they did not carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from sseproxy.errors import CassetteError, SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.export.foreign import Foreign, started
from sseproxy.export.imported import Import
from sseproxy.export.own import own


def from_har(document: bytes, run: Import) -> Iterator[Exchange]:
    """The exchanges of a HAR, entry by entry. Raises SseproxyError that names the entry (from 1)."""
    entries = _entries(document)
    begun = [wall for entry in entries if (wall := started(entry))]
    first = min(begun, default=run.now)
    for number, entry in enumerate(entries, 1):
        try:
            exchange = own(entry) or Foreign(entry, first, run).exchange()
        except (KeyError, TypeError, ValueError, AttributeError, CassetteError) as error:
            raise SseproxyError(f"entry {number} is not as HAR 1.2 has it: {_what(error)}") from None
        yield exchange


def _what(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _entries(document: bytes) -> list[dict[str, Any]]:
    try:
        log = orjson.loads(document.removeprefix(b"\xef\xbb\xbf"))["log"]
        entries = log["entries"]
        creator = log.get("creator") or {}
    except orjson.JSONDecodeError as error:
        raise SseproxyError(f"not JSON: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise SseproxyError("not a HAR: there is no `log.entries`") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SseproxyError("not a HAR: `log.entries` should be a list of objects")
    by = "/".join(
        str(creator[key]) for key in ("name", "version") if isinstance(creator, dict) and creator.get(key)
    )
    return [{"_by": by, **entry} for entry in entries]
