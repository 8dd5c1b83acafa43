"""Whether a client that closes after this event has had the whole stream."""

from __future__ import annotations

import orjson

from sseproxy.sse import Event

_LAST_NAMES = frozenset({"end", "message_stop", "response.completed"})
_LAST_TYPES = ("message_stop", "response.completed")


def is_last(event: Event) -> bool:
    """True for the last event of the dialects in use.

    These are the prediction server's `end`, named or in its JSON envelope; OpenAI's `[DONE]` (chat
    completions) and `response.completed` (responses); Anthropic's `message_stop`. What a named event
    carries is content, and may look like anything.
    """
    if not event.dispatched or event.type != "message":
        return event.dispatched and event.type in _LAST_NAMES
    if event.data.strip() == "[DONE]":
        return True
    if not event.data.startswith("{"):
        return False
    try:
        envelope = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        return False
    return envelope.get("event") == "end" or envelope.get("type") in _LAST_TYPES
