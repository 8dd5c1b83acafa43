"""Whether a client that closes after this event has had the whole stream."""

from __future__ import annotations

import orjson

from sseproxy.sse import Event

_LAST_TYPES = frozenset({"end", "message_stop", "response.completed"})


def is_last(event: Event) -> bool:
    """True for the last event of the dialects in use.

    These are the prediction server's `end`, named or in its JSON envelope; OpenAI's `[DONE]` (chat
    completions) and `response.completed` (responses); Anthropic's `message_stop`.
    """
    if not event.dispatched:
        return False
    if event.type in _LAST_TYPES or event.data.strip() == "[DONE]":
        return True
    if not event.data.startswith("{"):
        return False
    try:
        document = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        return False
    # A token's text can hold any word: only the envelope's own members count.
    return document.get("event") == "end" or document.get("type") in _LAST_TYPES - {"end"}
