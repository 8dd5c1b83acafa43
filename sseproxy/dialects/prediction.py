"""The prediction server (Flowise), in the two forms that its events have on the wire.

As deployed, kind and data stand in one JSON object, `data:{"event":"token","data":"Hal"}`; as documented, the
kind is the event's name, `event: token` and `data: Hal`. Its endpoint for speech really sends the second
form, with the first one inside.
"""

from __future__ import annotations

from sseproxy.dialects.dialect import Dialect, Ids, Meaning
from sseproxy.dialects.payload import ids, inner, payload, text
from sseproxy.exchange import Request
from sseproxy.sse import Event

_CORE = {"start", "token", "error", "end", "metadata", "sourceDocuments", "usedTools"}
_CONTENT = {
    *("calledTools", "artifacts", "fileAnnotations", "tool", "thinking", "usageMetadata", "agent_trace"),
}
_AGENTS = {
    *("agentReasoning", "nextAgent", "action", "agentFlowEvent", "nextAgentFlow", "agentFlowExecutedData"),
    *("abort", "executionEnd"),
}
_VOICE = {"tts_start", "tts_data", "tts_end", "tts_abort", "tts_error"}
KINDS = frozenset(_CORE | _CONTENT | _AGENTS | _VOICE)
"""The event types of the published server, version 3.1."""

_SPEECH = "tts_start | tts_data | tts_end | tts_abort | tts_error"
CONTRACT = (
    f"start? (token | other | {_SPEECH})* (metadata | error | abort) end"
    " | tts_start tts_data* (tts_end | tts_abort | tts_error)"
)
"""Agent flows have no start, and their tokens and tools alternate. The second line is the speech endpoint."""


def asked(request: Request) -> Ids:
    """The chat that a prediction is to go on with."""
    return ids(chat=payload(request.body).get("chatId"))


def _meaning(kind: str, data: object) -> Meaning:
    if kind == "token":
        return Meaning(kind, text(data))  # `start` repeats the first token, or is empty
    if not isinstance(data, dict):
        return Meaning(kind)
    if kind == "metadata" or kind.startswith("tts_"):
        known = ids(chat=data.get("chatId"), message=data.get("chatMessageId"), session=data.get("sessionId"))
        return Meaning(kind, "", known)
    return Meaning(kind, "", ids(node=data.get("nodeId")))


def _read_envelope(event: Event) -> Meaning:
    envelope = payload(event.data) if event.type == "message" else {}
    kind = text(envelope.get("event"))
    return _meaning(kind, envelope.get("data")) if kind else Meaning(event.type)


def _is_envelope(event: Event) -> bool:
    envelope = payload(event.data) if event.type == "message" else {}
    kind = envelope.get("event")
    return "data" in envelope and isinstance(kind, str) and kind in KINDS


def _read_named(event: Event) -> Meaning:
    if event.type in ("token", "start"):
        return _meaning(event.type, event.data)
    data = payload(event.data)
    if event.type.startswith("tts_"):
        data = inner(data, "data") or data
    return _meaning(event.type, data)


def _is_named(event: Event) -> bool:
    return event.type in KINDS - {"error", "abort", "action", "tool"}  # names that other servers use too


FLOWISE = Dialect(
    name="flowise",
    title="Flowise predictions",
    contract=CONTRACT,
    read=_read_envelope,
    recognises=_is_envelope,
    tokens=frozenset({"token", "thinking"}),
    last=frozenset({"end"}),
    errors=frozenset({"error"}),
    constant=frozenset({"chat", "message", "session"}),
    asked=asked,
)

FLOWISE_NAMED = Dialect(
    name="flowise-named",
    title="Flowise predictions, as documented",
    contract=CONTRACT,
    read=_read_named,
    recognises=_is_named,
    tokens=FLOWISE.tokens,
    last=FLOWISE.last,
    errors=FLOWISE.errors,
    constant=FLOWISE.constant,
    json=False,
    asked=asked,
)
