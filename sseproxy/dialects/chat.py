"""OpenAI chat completions, and the many servers that answer alike.

All events are chunks of one type; their kinds here are named after what a chunk brings. Of several choices
(`n` above 1) the first is the one whose order counts.
"""

from __future__ import annotations

from typing import Any

from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.payload import ids, inner, payload, text
from sseproxy.sse import Event

_BESIDE = {"role", "refusal", "reasoning_content", "reasoning"}
_REASONING = ("reasoning_content", "reasoning")  # no part of OpenAI's own chunks; DeepSeek, vLLM, OpenRouter


def _choices(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    found = chunk.get("choices")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _read(event: Event) -> Meaning:
    if event.type == "message" and event.data.strip() == "[DONE]":
        return Meaning("end")
    chunk = payload(event.data)
    if chunk.get("error") or event.type == "error":
        return Meaning("error")
    if not chunk:
        return Meaning(event.type)
    known = ids(completion=chunk.get("id"))
    for choice in _choices(chunk)[:1]:
        return _of_choice(choice, known)
    return Meaning("usage" if chunk.get("usage") else "chunk", "", known)


def _of_choice(choice: dict[str, Any], known: tuple[tuple[str, str], ...]) -> Meaning:
    delta = inner(choice, "delta")
    # The older completions have their text in the choice itself.
    said = text(delta.get("content")) or text(choice.get("text"))
    calls = delta.get("tool_calls")
    if choice.get("index") not in (0, None):
        return Meaning("choice", said, (*known, *ids(choice=choice.get("index"))))
    if choice.get("finish_reason"):
        return Meaning("finish", said, known)
    if calls and isinstance(calls, list):
        call = calls[0] if isinstance(calls[0], dict) else {}
        return Meaning("tool_call", said, (*known, *ids(tool_call=call.get("id"), tool=call.get("index"))))
    if said or ("content" in delta and not delta.keys() & _BESIDE):
        return Meaning("token", said, known)
    if any(delta.get(name) for name in _REASONING):
        return Meaning("reasoning", "", known)
    if delta.get("refusal"):
        return Meaning("refusal", "", known)
    return Meaning("role" if delta.get("role") else "chunk", "", known)


def _recognises(event: Event) -> bool:
    chunk = payload(event.data) if event.type == "message" else {}
    kind = text(chunk.get("object"))
    return kind.startswith(("chat.completion", "text_completion")) or isinstance(chunk.get("choices"), list)


CHAT = Dialect(
    name="openai-chat",
    title="OpenAI chat completions",
    contract=(
        "(role | token | reasoning | refusal | tool_call | chunk)* finish (chunk | usage)* end"
        " | (role | token | reasoning | refusal | tool_call | chunk)* error end?"
    ),
    read=_read,
    recognises=_recognises,
    tokens=frozenset({"token", "reasoning", "refusal", "tool_call"}),
    last=frozenset({"end"}),
    errors=frozenset({"error"}),
    anywhere=frozenset({"choice"}),
    constant=frozenset({"completion"}),
)
