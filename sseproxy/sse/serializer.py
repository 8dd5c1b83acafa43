"""Events out: the inverse of the parser, in the form the standard's own examples have."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n?|\n")


def serialize(
    data: str | None = None,
    *,
    event: str = "",
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """One event in UTF-8, its blank line included.

    `data` may hold line ends of any kind: each line becomes a `data:` line, and a reader gets LF for
    them all. `retry` is in milliseconds. Raises ValueError for what the grammar can't carry: a
    line end in `event` or `id`, NUL in `id`, a negative `retry`.
    """
    if _LINE_END.search(event):
        raise ValueError("an event type can't hold a line end")
    if id is not None and (_LINE_END.search(id) or "\0" in id):
        raise ValueError("an event id can't hold a line end or NUL")
    if retry is not None and retry < 0:
        raise ValueError("retry can't be negative")
    lines = [f": {line}" for line in _LINE_END.split(comment)] if comment is not None else []
    if event:
        lines.append(f"event: {event}")
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    if data is not None:
        lines += [f"data: {line}" for line in _LINE_END.split(data)]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()
