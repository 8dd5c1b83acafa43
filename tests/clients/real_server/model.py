"""The language model behind the real server: speaks as OpenAI's server does, from a script.

What it does goes by the model's name; `tool-user` first calls the tool that it is offered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

TEXT = (
    "The tide doesn't hurry; it comes in one wave at a time. 朝の電車 ☕ and the first train leaves at five."
)
PACE = 0.02
"""Seconds between two tokens."""
USAGE = {"prompt_tokens": 9, "completion_tokens": 22, "total_tokens": 31}
SILENCE = 33.0
"""Seconds for which `silent` says nothing: longer than from one heartbeat of the real server to the next."""


@contextlib.asynccontextmanager
async def serve() -> AsyncIterator[str]:
    """Runs the model; the value is its base URL."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", _chat)
    app.router.add_post("/v1/embeddings", _embed)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def _embed(request: web.Request) -> web.Response:
    asked = (await request.json())["input"]
    texts = [asked] if isinstance(asked, str) else asked
    vectors = [
        {"object": "embedding", "index": index, "embedding": [len(text) % 7 + 1.0, 1.0, 0.5]}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return web.json_response({"object": "list", "model": "embedder", "data": vectors, "usage": usage})


async def _chat(request: web.Request) -> web.StreamResponse:
    asked = await request.json()
    if asked["model"] == "refusing":
        return web.json_response({"error": {"message": "the model doesn't know this key"}}, status=401)
    if not asked.get("stream"):
        message = {"role": "assistant", "content": TEXT}
        return web.json_response(_object("chat.completion", asked, message=message, finish_reason="stop"))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)

    async def say(finish: str | None = None, **delta: object) -> None:
        chunk = _object("chat.completion.chunk", asked, delta=delta, finish_reason=finish)
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await asyncio.sleep(PACE)

    await say(role="assistant", content="")
    if _calls(asked):
        function = asked["tools"][0]["function"]
        call = {"index": 0, "id": "call_1", "type": "function"}
        await say(tool_calls=[call | {"function": {"name": function["name"], "arguments": ""}}])
        for piece in ('{"input":', '"6*7"}'):
            await say(tool_calls=[{"index": 0, "function": {"arguments": piece}}])
        await say("tool_calls")
    else:
        for number, word in enumerate(TEXT.split(" ")):
            if asked["model"] == "dying" and number == 10 and request.transport:
                request.transport.abort()
                return response
            if asked["model"] == "silent" and number == 5:
                await asyncio.sleep(SILENCE)
            await say(content=word if number == 0 else f" {word}")
        await say("stop")
    # Without it the server would look for a tokenizer in the internet, and wait for it.
    usage = _object("chat.completion.chunk", asked) | {"choices": [], "usage": USAGE}
    await response.write(f"data: {json.dumps(usage)}\n\ndata: [DONE]\n\n".encode())
    return response


def _calls(asked: Mapping[str, Any]) -> bool:
    answered = any(message["role"] == "tool" for message in asked["messages"])
    return asked["model"] == "tool-user" and bool(asked.get("tools")) and not answered


def _object(kind: str, asked: Mapping[str, Any], **choice: object) -> dict[str, object]:
    head = {"id": "chatcmpl-1", "object": kind, "created": 1_795_000_000, "model": asked["model"]}
    return head | {"choices": [{"index": 0, **choice}]}
