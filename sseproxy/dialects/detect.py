"""Whose events these are, found from the events themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from sseproxy.dialects.anthropic import ANTHROPIC
from sseproxy.dialects.chat import CHAT
from sseproxy.dialects.dialect import Dialect, Meaning
from sseproxy.dialects.mcp import MCP
from sseproxy.dialects.ollama import OLLAMA
from sseproxy.dialects.prediction import FLOWISE, FLOWISE_NAMED
from sseproxy.dialects.responses import RESPONSES
from sseproxy.dialects.vercel import VERCEL
from sseproxy.sse import Event

DIALECTS = (FLOWISE, FLOWISE_NAMED, CHAT, RESPONSES, ANTHROPIC, MCP, VERCEL, OLLAMA)
"""Each recognises only what could be no other's, so that their order does not matter."""

PLAIN = Dialect(
    name="plain",
    title="any event stream",
    contract="other*",
    read=lambda event: Meaning(event.type),
    recognises=lambda _: False,
    json=False,
)
"""For streams of servers that are not known here: a kind is the event's name, and any order is legal."""

_LOOKED_AT = 16
"""Events that may pass before one is recognised: what an unknown extension puts in front."""


def detect(events: Iterable[Event], dialects: Sequence[Dialect] = DIALECTS) -> Dialect:
    """The dialect that knows the earliest of these events; `PLAIN` where none does."""
    seen = (event for event in events if event.dispatched)
    for event in islice(seen, _LOOKED_AT):
        for dialect in dialects:
            if dialect.recognises(event):
                return dialect
    return PLAIN


def is_last(event: Event) -> bool:
    """Whether it is the last event in any of our dialects.

    For a client that leaves, of whose stream only the end is at hand.
    """
    return any(dialect.is_last(event) for dialect in DIALECTS)
