"""What an event says beside its kind and its text, in one line."""

from __future__ import annotations

import orjson

from sseproxy.sse import Event


def comments(event: Event) -> str:
    return " ".join(comment.strip() for comment in event.comments)


def rest(data: str, kind: str) -> str:
    """What data says beside the kind: of `{"event":"metadata","data":{…}}` the inner object."""
    if not data.startswith("{"):
        return data
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        return data
    rest = {name: value for name, value in told.items() if value != kind}
    if len(rest) == len(told):
        return data
    try:
        return orjson.dumps(next(iter(rest.values())) if len(rest) == 1 else rest).decode()
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return data
