"""JSON that others wrote: any shape may come, and none of it is an error here."""

from __future__ import annotations

from typing import Any

import orjson


def payload(data: str | bytes) -> dict[str, Any]:
    """The JSON object that an event's data is; empty where it is anything else."""
    if data.lstrip()[:1] not in ("{", b"{"):
        return {}
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """The string that a member is; empty where it is anything else."""
    return value if isinstance(value, str) else ""


def inner(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object that a member is; empty where it is anything else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def ids(**named: object) -> tuple[tuple[str, str], ...]:
    """Those of these ids that are there: strings that are not empty, and whole numbers."""
    return tuple(
        (name, str(value))
        for name, value in named.items()
        if (isinstance(value, str) and value) or (isinstance(value, int) and not isinstance(value, bool))
    )
