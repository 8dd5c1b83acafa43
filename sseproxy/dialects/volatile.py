"""What is fresh in each run though the request means the same: ids, by the dialect that has them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Volatile:
    """Places (as in `matching.parts`) whose value may differ, in requests for these paths."""

    dialect: str
    path: re.Pattern[str]
    """Found anywhere in the path: a proxy may have put a prefix before it."""
    places: tuple[str, ...]


VOLATILE = (
    # Fresh for each conversation (the prediction server makes them up where a client sends none), in a JSON
    # body or in the form that uploads come in.
    Volatile(
        "prediction",
        re.compile(r"/api/v1/(?:internal-)?predictions?/|/api/v1/text-to-speech/"),
        (
            "$.chatId",
            "$.sessionId",
            "$.overrideConfig.sessionId",
            "$.chatMessageId",
            "part.chatId",
            "part.sessionId",
        ),
    ),
    # `user` and what has come in its place: ids of end users, told for abuse detection and caching. Not here:
    # `previous_response_id`. It comes from an answer, and a replayed answer has the recorded one.
    Volatile(
        "openai",
        re.compile(r"/(?:chat/)?completions$|/responses$|/embeddings$"),
        ("$.user", "$.safety_identifier", "$.prompt_cache_key"),
    ),
    Volatile("anthropic", re.compile(r"/v1/messages(?:/count_tokens)?$"), ("$.metadata.user_id",)),
)
