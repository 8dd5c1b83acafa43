"""Anthropic messages: named events whose name is also the `type` in their data."""

from __future__ import annotations

from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.payload import ids, inner, payload, text
from sseproxy.sse import Event

_KINDS = frozenset(
    {
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    }
)


def _read(event: Event) -> Meaning:
    data = payload(event.data)
    kind = event.type if event.type != "message" else text(data.get("type")) or event.type
    known = ids(
        message=inner(data, "message").get("id"),
        block=data.get("index"),
        tool_call=inner(data, "content_block").get("id"),
    )
    delta = inner(data, "delta")
    said = text(delta.get("text")) if delta.get("type") == "text_delta" else ""
    return Meaning(kind, said if kind == "content_block_delta" else "", known)


def _recognises(event: Event) -> bool:
    return (event.type if event.type != "message" else payload(event.data).get("type")) in _KINDS


ANTHROPIC = Dialect(
    name="anthropic",
    title="Anthropic messages",
    contract=(
        "message_start (content_block_start content_block_delta* content_block_stop)*"
        " (message_delta+ (message_stop | error) | (content_block_start content_block_delta*)? error)"
        " | error"
    ),
    read=_read,
    recognises=_recognises,
    tokens=frozenset({"content_block_delta"}),
    last=frozenset({"message_stop"}),
    errors=frozenset({"error"}),
    anywhere=frozenset({"ping"}),
    constant=frozenset({"message"}),
)
