"""The AI SDK's UI message stream (version 1, AI SDK 5 and newer): unnamed events, a `type` in their data.

Parts are told apart by their ids and may interleave, so the contract looks at steps only.
"""

from __future__ import annotations

from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.payload import ids, payload, text
from sseproxy.sse import Event

_ITS_OWN = {
    *("start-step", "finish-step", "text-start", "text-delta", "text-end"),
    *("reasoning-start", "reasoning-delta", "reasoning-end", "source-url", "source-document"),
    *("tool-input-start", "tool-input-delta", "tool-input-available", "tool-input-error"),
    *("tool-output-available", "tool-output-error", "tool-output-denied", "tool-approval-request"),
    "message-metadata",
}
_KINDS = _ITS_OWN | {"start", "finish", "abort", "error", "file"}


def _read(event: Event) -> Meaning:
    if event.type == "message" and event.data.strip() == "[DONE]":
        return Meaning("end")
    part = payload(event.data)
    kind = text(part.get("type"))
    known = ids(message=part.get("messageId"), part=part.get("id"), tool_call=part.get("toolCallId"))
    said = text(part.get("delta")) if kind == "text-delta" else ""
    if kind.startswith("data-"):
        return Meaning("data", "", known)
    return Meaning(kind if kind in _KINDS else "unknown", said, known)


def _recognises(event: Event) -> bool:
    part = payload(event.data) if event.type == "message" else {}
    kind = part.get("type")
    return (isinstance(kind, str) and kind in _ITS_OWN) or (kind == "start" and part.keys() <= _START)


_START = {"type", "messageId", "messageMetadata"}

VERCEL = Dialect(
    name="ai-sdk",
    title="AI SDK UI message stream",
    contract=(
        "start? (start-step other* finish-step)* finish end"
        " | start? (start-step | other | finish-step)* (error | abort)+ finish-step? finish? end"
    ),
    read=_read,
    recognises=_recognises,
    tokens=frozenset({"text-delta", "reasoning-delta", "tool-input-delta"}),
    last=frozenset({"end"}),
    errors=frozenset({"error"}),
    anywhere=frozenset({"data", "message-metadata"}),
    constant=frozenset({"message"}),
)
