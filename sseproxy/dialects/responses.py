"""OpenAI responses: named events whose name is also the `type` in their data. There is no `[DONE]`."""

from __future__ import annotations

from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.payload import ids, inner, payload, text
from sseproxy.sse import Event


def _kind(event: Event, type_: object) -> str:
    return event.type if event.type != "message" else text(type_) or event.type


def _read(event: Event) -> Meaning:
    data = payload(event.data)
    kind = _kind(event, data.get("type"))
    response, item = inner(data, "response"), inner(data, "item")
    known = ids(
        response=response.get("id") or data.get("response_id"),
        item=data.get("item_id") or item.get("id"),
        tool_call=item.get("call_id"),
        sequence=data.get("sequence_number"),
    )
    return Meaning(kind, text(data.get("delta")) if kind == "response.output_text.delta" else "", known)


def _recognises(event: Event) -> bool:
    return _kind(event, payload(event.data).get("type")).startswith("response.")


RESPONSES = Dialect(
    name="openai-responses",
    title="OpenAI responses",
    contract=(
        "(response.created | response.queued | response.in_progress)+ other*"
        " (response.completed | response.incomplete | response.failed | error response.failed?)"
        " | error"
    ),
    read=_read,
    recognises=_recognises,
    tokens=frozenset(
        {
            "response.output_text.delta",
            "response.refusal.delta",
            "response.reasoning_text.delta",
            "response.reasoning_summary_text.delta",
            "response.function_call_arguments.delta",
        }
    ),
    last=frozenset({"response.completed", "response.incomplete", "response.failed"}),
    errors=frozenset({"error", "response.failed"}),
    anywhere=frozenset({"keepalive"}),
    constant=frozenset({"response"}),
    unique=frozenset({"sequence"}),
)
