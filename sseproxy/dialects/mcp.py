"""MCP streamable HTTP: each event is a JSON-RPC message (or, to 2025-03-26, a list of them).

A stream that a request opened brings its response last; one that GET opened has none. Since 2025-11-25 a
stream may begin with an event without content, so that a client has an id to resume from.
"""

from __future__ import annotations

from typing import Any

import orjson

from sseproxy.dialects.dialect import Dialect, Ids, Meaning
from sseproxy.dialects.payload import ids, inner, payload, text
from sseproxy.exchange import Request
from sseproxy.sse import Event


def _message(data: str) -> dict[str, Any]:
    """The message, or the last one of a list."""
    if not data.lstrip().startswith("["):
        return payload(data)
    try:
        batch = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return batch[-1] if batch and isinstance(batch[-1], dict) else {}


def _read(event: Event) -> Meaning:
    if not event.data:
        return Meaning("priming")
    message = _message(event.data)
    if message.get("jsonrpc") != "2.0":
        return Meaning("unknown")
    if method := text(message.get("method")):
        progress = inner(message, "params").get("progressToken")
        # The id is of the server's own counting: it is not the client's request that it names.
        kind = "request" if "id" in message else "notification"
        return Meaning(kind, "", (*ids(progress=progress), ("method", method)))
    known = ids(request=message.get("id"))
    return Meaning("error" if "error" in message else "result", "", known)


def _recognises(event: Event) -> bool:
    return event.type == "message" and _message(event.data).get("jsonrpc") == "2.0"


def _asked(request: Request) -> Ids:
    message = payload(request.body)
    return ids(request=message.get("id")) if "method" in message else ()


MCP = Dialect(
    name="mcp",
    title="MCP streamable HTTP",
    contract="priming? (notification | request)* (result | error)*",
    read=_read,
    recognises=_recognises,
    last=frozenset({"result", "error"}),
    errors=frozenset({"error"}),
    asked=_asked,
)
