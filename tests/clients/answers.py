"""Streams of other servers, made after the formats that these servers document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.clients.scripted import Answer, Asked, Replies

CREATED = 1_795_000_000
"""A Unix time, in seconds."""


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def data(value: object) -> bytes:
    """An event that is JSON and nothing else."""
    return f"data: {compact(value)}\n\n".encode()


def named(name: str, value: Mapping[str, object]) -> bytes:
    """An event whose name is repeated in its JSON."""
    return f"event: {name}\ndata: {compact({'type': name, **value})}\n\n".encode()


def only(method: str, target: str, answer: Answer) -> Replies:
    """A server of one endpoint."""

    def reply(asked: Asked) -> Answer:
        return answer if (asked.method, asked.target) == (method, target) else Answer(status="404 Not Found")

    return reply


# The prediction server: an envelope that its libraries take apart, and a question beforehand.


def _envelope(event: str, value: object) -> bytes:
    return f"message:\ndata:{compact({'event': event, 'data': value})}\n\n".encode()


PREDICTION = Answer(
    [
        _envelope("start", ""),
        *(_envelope("token", token) for token in ["Za", "żółć", " 朝の", " ☕"]),
        _envelope("metadata", {"chatId": "1", "chatMessageId": "2"}),
        _envelope("end", "[DONE]"),
    ],
    headers=[("Access-Control-Allow-Origin", "*")],
    main=True,
)
_CAN_STREAM = Answer([b'{"isStreaming":true}'], "application/json; charset=utf-8")
_LEAVE = Answer(
    status="204 No Content",
    headers=[
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
        ("Access-Control-Allow-Headers", "content-type"),
    ],
)


def prediction(asked: Asked) -> Answer:
    """A prediction server with one flow, which pages of all origins may ask."""
    if asked.method == "OPTIONS":
        return _LEAVE
    return PREDICTION if asked.method == "POST" else _CAN_STREAM


def endless_prediction(asked: Asked) -> Answer:
    """The same, but while it is held it goes on with white space that no page shows."""
    answer = prediction(asked)
    return replace(answer, meanwhile=_envelope("token", " ")) if answer is PREDICTION else answer


# OpenAI: chat completions end with `[DONE]`, responses with an event.


def _chat(choice: Mapping[str, object] | None, **more: object) -> bytes:
    choices = [] if choice is None else [{"index": 0, "logprobs": None, **choice}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": "scripted"}
    return data({**head, "choices": choices, **more})


def _delta(finish: str | None = None, **delta: object) -> bytes:
    return _chat({"delta": delta, "finish_reason": finish})


def _called(**function: str) -> dict[str, object]:
    return {"index": 0, "function": function}


CHAT = Answer(
    [
        _delta(role="assistant", content=""),
        *(_delta(content=text) for text in ["I'll", " look", " outside", "… 🌧"]),
        _delta(tool_calls=[{**_called(name="forecast", arguments=""), "id": "call_1", "type": "function"}]),
        *(_delta(tool_calls=[_called(arguments=text)]) for text in ['{"city":', '"Kraków"}']),
        _delta("tool_calls"),
        _chat(None, usage={"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}),
        b"data: [DONE]\n\n",
    ],
    main=True,
)
chat = only("POST", "/v1/chat/completions", CHAT)


def _responses() -> Sequence[bytes]:
    response = {"id": "resp_1", "object": "response", "created_at": CREATED, "model": "scripted", "tools": []}
    response |= {"parallel_tool_calls": True, "tool_choice": "auto", "output": [], "status": "in_progress"}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    call = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "forecast", "arguments": ""}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    texts, arguments = ["Let me", " look", " outside 🌧"], ['{"city":', '"Kraków"}']
    part_done = part | {"text": "".join(texts)}
    message_done = message | {"status": "completed", "content": [part_done]}
    call_done = call | {"arguments": "".join(arguments), "status": "completed"}
    done = response | {"output": [message_done, call_done], "status": "completed"}
    events: list[tuple[str, dict[str, object]]] = [
        ("created", {"response": response}),
        ("in_progress", {"response": response}),
        ("output_item.added", {"output_index": 0, "item": message}),
        ("content_part.added", {**at, "part": part}),
        *(("output_text.delta", {**at, "delta": text, "logprobs": []}) for text in texts),
        ("output_text.done", {**at, "text": "".join(texts), "logprobs": []}),
        ("content_part.done", {**at, "part": part_done}),
        ("output_item.done", {"output_index": 0, "item": message_done}),
        ("output_item.added", {"output_index": 1, "item": call}),
        *(
            ("function_call_arguments.delta", {"item_id": "fc_1", "output_index": 1, "delta": text})
            for text in arguments
        ),
        (
            "function_call_arguments.done",
            {"item_id": "fc_1", "output_index": 1, "name": "forecast", "arguments": "".join(arguments)},
        ),
        ("output_item.done", {"output_index": 1, "item": call_done}),
        ("completed", {"response": done}),
    ]
    return [
        named(f"response.{name}", {**value, "sequence_number": number})
        for number, (name, value) in enumerate(events)
    ]


RESPONSES = Answer(_responses(), main=True)
responses = only("POST", "/v1/responses", RESPONSES)

# Anthropic: named events, blocks that open and close, a ping in between.

_USAGE = {"input_tokens": 25, "output_tokens": 1}


def _block(index: int, block: Mapping[str, object], deltas: Sequence[Mapping[str, object]]) -> list[bytes]:
    return [
        named("content_block_start", {"index": index, "content_block": block}),
        *(named("content_block_delta", {"index": index, "delta": delta}) for delta in deltas),
        named("content_block_stop", {"index": index}),
    ]


MESSAGES = Answer(
    [
        named(
            "message_start",
            {
                "message": {
                    "id": "msg_1", "type": "message", "role": "assistant", "content": [],
                    "model": "scripted", "stop_reason": None, "stop_sequence": None, "usage": _USAGE,
                }
            },
        ),
        named("ping", {}),
        *_block(
            0,
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": text} for text in ["Okay", ", let's", " see 🌧"]],
        ),
        *_block(
            1,
            {"type": "tool_use", "id": "toolu_1", "name": "forecast", "input": {}},
            [{"type": "input_json_delta", "partial_json": text} for text in ["", '{"city":', '"Kraków"}']],
        ),
        named("message_delta", {"delta": {"stop_reason": "tool_use"}, "usage": _USAGE}),
        named("message_stop", {}),
    ],
    main=True,
)  # fmt: skip
messages = only("POST", "/v1/messages", MESSAGES)

# Ollama: an object a line.


def _line(content: str, **more: object) -> bytes:
    message = {"role": "assistant", "content": content}
    at = "2026-11-23T04:49:08.081079Z"
    return f"{compact({'model': 'scripted', 'created_at': at, 'message': message, **more})}\n".encode()


LINES = Answer(
    [
        *(_line(text, done=False) for text in ["It", " is", " raining", " ☔"]),
        _line("", done=True, done_reason="stop", total_duration=4_883_583_458, eval_count=4),
    ],
    "application/x-ndjson",
    main=True,
)
ollama = only("POST", "/api/chat", LINES)

# Any server: what the event-stream grammar allows and parsers stumble over.

EVENTS = Answer(
    [
        b": a comment\n\n",
        b"retry: 10\nid: 1\ndata: one line\n\n",
        b"event: weather\nid: 2\ndata: two\ndata: lines, ",
        "świeże ☔\n\n".encode(),
        b'data: {"json":true}\r\n\r\n',
        b"data:no space\n\n",
        b"event: done\ndata: \n\n",
    ],
    main=True,
)
events = only("POST", "/events", EVENTS)

# A feed that breaks off in the middle and goes on behind the last id that its reader names.

_OPEN = [("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-cache")]
FEED = Answer(
    [b"retry: 10\n\n", b"id: 1\ndata: first\n\n", b"id: 2\nevent: weather\ndata: rain\n\n"], headers=_OPEN
)
FEED_GOES_ON = Answer(
    [b"id: 3\ndata: third\n\n", b"id: 4\nevent: weather\ndata: sun\n\n", b"event: done\ndata: all\n\n"],
    headers=_OPEN,
    main=True,
)


def feed(asked: Asked) -> Answer:
    return FEED_GOES_ON if asked.headers.get("last-event-id") == "2" else FEED


# MCP over streamable HTTP: a session, a stream for each answer, and one for what the server says unasked.


def _rpc(**message: object) -> bytes:
    return f"event: message\ndata: {compact({'jsonrpc': '2.0', **message})}\n\n".encode()


def _tool_call(id: object, progress_token: object) -> Answer:
    def progress(done: int, message: str) -> bytes:
        step = {"progressToken": progress_token, "progress": done, "total": 3, "message": message}
        return _rpc(method="notifications/progress", params=step)

    steps = [progress(done, message) for done, message in enumerate(["looking", "up", "at the sky"], 1)]
    result = {"content": [{"type": "text", "text": "Rain in Kraków ☔"}], "isError": False}
    return Answer([*steps, _rpc(id=id, result=result)], main=True)


_TOOL = {"name": "forecast", "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}}}
_MCP_SERVER = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {"listChanged": True}},
    "serverInfo": {"name": "scripted", "version": "1"},
}


def mcp(asked: Asked) -> Answer:
    """A server of one tool that speaks the handshake protocol."""
    session = [("Mcp-Session-Id", "7")]
    if asked.method == "GET":  # open for as long as the client is there
        return Answer([_rpc(method="notifications/tools/list_changed")], stays=True)
    if asked.method == "DELETE":
        return Answer(status="200 OK")
    message = json.loads(asked.body)
    match message["method"], message.get("id"):
        case _, None:
            return Answer(status="202 Accepted")
        case "initialize", id:
            return Answer([_rpc(id=id, result=_MCP_SERVER)], headers=session)
        case "tools/list", id:
            return Answer([_rpc(id=id, result={"tools": [_TOOL]})])
        case "tools/call", id:
            return _tool_call(id, message["params"]["_meta"]["progressToken"])
        case method, id:
            return Answer([_rpc(id=id, error={"code": -32601, "message": f"no method {method}"})])
