"""Two requests with one chat id at once: the real server keeps one connection for each chat.

The second connection gets the tokens of both, until the first of the two answers is done: its metadata and
end come, and what is left of the other answer is lost. The first client is never told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import NamedTuple

from aiohttp import ClientResponse, ClientSession

CHAT = "a-chat-of-two"
QUESTIONS = ("What does the tide do?", "And the first train?")
BEFORE = 5
"""Tokens that the first client has when the second one asks."""
PATIENCE = 1.0
"""Seconds for which the first client waits on, when the second one has its whole answer."""


class Kinds(NamedTuple):
    """The kinds of the events that each client was given."""

    first: list[str]
    second: list[str]

    @property
    def taken_over(self) -> bool:
        return "end" not in self.first and self.second.count("end") == 1


async def ask_twice(server: str, flow: str) -> Kinds:
    """Asks again while the answer comes; the first client leaves when it has waited long enough."""
    url = f"{server}/api/v1/prediction/{flow}"

    async def ask(question: str) -> ClientResponse:
        return await session.post(url, json={"question": question, "streaming": True, "chatId": CHAT})

    async with ClientSession() as session, await ask(QUESTIONS[0]) as one:
        coming = _kinds(one)
        first = [await anext(coming) for _ in range(1 + BEFORE)]
        async with await ask(QUESTIONS[1]) as other:
            second = [kind async for kind in _kinds(other)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                async for kind in coming:
                    first.append(kind)
    return Kinds(first, second)


async def _kinds(response: ClientResponse) -> AsyncIterator[str]:
    async for line in response.content:
        if line.startswith(b"data:"):
            yield json.loads(line.removeprefix(b"data:"))["event"]
