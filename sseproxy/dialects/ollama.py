"""Ollama's chat and generate: lines of JSON, not server-sent events. Each line is an event here."""

from __future__ import annotations

from typing import Any

from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.payload import inner, payload, text
from sseproxy.sse import Event


def _read(event: Event) -> Meaning:
    line = payload(event.data)
    if "error" in line:
        return Meaning("error")
    if not _is_ollamas(line):
        return Meaning(event.type)
    message = inner(line, "message")
    said = text(message.get("content")) or text(line.get("response"))
    if line.get("done") is True:
        return Meaning("end", said)
    if message.get("tool_calls"):
        return Meaning("tool_call", said)
    if not said and (message.get("thinking") or line.get("thinking")):
        return Meaning("thinking")
    return Meaning("token", said)


def _is_ollamas(line: dict[str, Any]) -> bool:
    return "model" in line and isinstance(line.get("done"), bool)


def _recognises(event: Event) -> bool:
    return _is_ollamas(payload(event.data))


OLLAMA = Dialect(
    name="ollama",
    title="Ollama, newline-delimited JSON",
    contract="(token | thinking | tool_call)* (end | error)",
    read=_read,
    recognises=_recognises,
    tokens=frozenset({"token", "thinking", "tool_call"}),
    last=frozenset({"end"}),
    errors=frozenset({"error"}),
)
