"""A whole stream of each dialect, as its server's documentation or a real one has it."""

from __future__ import annotations

from typing import NamedTuple

from sseproxy.sse import Event, EventStreamParser, LineParser


class Line(NamedTuple):
    """A block of the stream and what it means."""

    block: str
    kind: str
    text: str = ""
    ids: str = ""
    """`name=value` each, separated by spaces."""


CHUNK = 'data: {"id":"c-1","object":"chat.completion.chunk","choices":[%s]}'
STREAMS: dict[str, list[Line]] = {
    "flowise": [
        Line(":heartbeat", "comment"),
        Line('message:\ndata:{"event":"start","data":"Hal"}', "start"),
        Line('message:\ndata:{"event":"token","data":"Hal"}', "token", "Hal"),
        Line('message:\ndata:{"event":"token","data":""}', "token"),
        Line('message:\ndata:{"event":"thinking","data":"hm","duration":3}', "thinking"),
        Line('message:\ndata:{"event":"calledTools","data":[]}', "calledTools"),
        Line('message:\ndata:{"event":"usedTools","data":[{"tool":"calculator"}]}', "usedTools"),
        Line(
            'message:\ndata:{"event":"nextAgentFlow","data":{"nodeId":"start_0","nodeLabel":"Start"}}',
            "nextAgentFlow",
            "",
            "node=start_0",
        ),
        Line('message:\ndata:{"event":"agentFlowEvent","data":"FINISHED"}', "agentFlowEvent"),
        Line(
            'message:\ndata:{"event":"metadata","data":{"chatId":"c","chatMessageId":"m","sessionId":"s"}}',
            "metadata",
            "",
            "chat=c message=m session=s",
        ),
        Line('message:\ndata:{"event":"end","data":"[DONE]"}', "end"),
    ],
    "flowise-named": [
        Line("event: start\ndata: Once", "start"),
        Line("event: token\ndata: Once", "token", "Once"),
        Line("event: token\ndata:  upon", "token", " upon"),
        Line('event: token\ndata: {"event":"end"}', "token", '{"event":"end"}'),
        Line('event: sourceDocuments\ndata: [{"pageContent":"x"}]', "sourceDocuments"),
        Line('event: metadata\ndata: {"chatId":"c"}', "metadata", "", "chat=c"),
        Line("event: end\ndata: [DONE]", "end"),
    ],
    "openai-chat": [
        Line(
            'data: {"id":"","object":"","choices":[],"prompt_filter_results":[]}', "chunk"
        ),  # as Azure begins
        Line(
            CHUNK % '{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}',
            "role",
            "",
            "completion=c-1",
        ),
        Line(CHUNK % '{"index":0,"delta":{"reasoning_content":"hm"}}', "reasoning", "", "completion=c-1"),
        Line(CHUNK % '{"index":0,"delta":{"content":"Hal"}}', "token", "Hal", "completion=c-1"),
        Line(
            CHUNK % '{"index":0,"delta":{"role":"assistant","content":"lo"}}', "token", "lo", "completion=c-1"
        ),
        Line(CHUNK % '{"index":1,"delta":{"content":"Hi"}}', "choice", "Hi", "completion=c-1 choice=1"),
        Line(
            CHUNK % '{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f"}}]}}',
            "tool_call",
            "",
            "completion=c-1 tool_call=call_1 tool=0",
        ),
        Line(CHUNK % '{"index":0,"delta":{},"finish_reason":"stop"}', "finish", "", "completion=c-1"),
        Line('data: {"id":"c-1","choices":[],"usage":{"total_tokens":9}}', "usage", "", "completion=c-1"),
        Line("data: [DONE]", "end"),
    ],
    "openai-responses": [
        Line(
            'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}',
            "response.created",
            "",
            "response=resp_1",
        ),
        Line(
            'event: response.output_item.added\ndata: {"type":"response.output_item.added","item":'
            '{"id":"fc_1","type":"function_call","call_id":"call_1"}}',
            "response.output_item.added",
            "",
            "item=fc_1 tool_call=call_1",
        ),
        Line(
            'data: {"type":"response.output_text.delta","item_id":"msg_1","delta":"Hal"}',
            "response.output_text.delta",
            "Hal",
            "item=msg_1",
        ),
        Line(
            'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_1"}}',
            "response.completed",
            "",
            "response=resp_1",
        ),
    ],
    "anthropic": [
        Line(
            'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1"}}',
            "message_start",
            "",
            "message=msg_1",
        ),
        Line('event: ping\ndata: {"type":"ping"}', "ping"),
        Line(
            'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
            '{"type":"tool_use","id":"toolu_1"}}',
            "content_block_start",
            "",
            "block=0 tool_call=toolu_1",
        ),
        Line(
            'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
            '{"type":"input_json_delta","partial_json":"{"}}',
            "content_block_delta",
            "",
            "block=0",
        ),
        Line(
            'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":'
            '{"type":"text_delta","text":"Hal"}}',
            "content_block_delta",
            "Hal",
            "block=1",
        ),
        Line(
            'event: content_block_stop\ndata: {"type":"content_block_stop","index":1}',
            "content_block_stop",
            "",
            "block=1",
        ),
        Line('event: message_delta\ndata: {"type":"message_delta","delta":{}}', "message_delta"),
        Line('event: message_stop\ndata: {"type":"message_stop"}', "message_stop"),
    ],
    "mcp": [
        Line("id: 1\ndata:", "priming"),
        Line(
            'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p"}}',
            "notification",
            "",
            "progress=p method=notifications/progress",
        ),
        Line(
            'data: {"jsonrpc":"2.0","id":7,"method":"sampling/createMessage"}',
            "request",
            "",
            "method=sampling/createMessage",
        ),
        Line('data: {"jsonrpc":"2.0","id":"1","result":{"method":1}}', "result", "", "request=1"),
    ],
    "ai-sdk": [
        Line('data: {"type":"start","messageId":"msg-1"}', "start", "", "message=msg-1"),
        Line('data: {"type":"start-step"}', "start-step"),
        Line('data: {"type":"text-start","id":"0"}', "text-start", "", "part=0"),
        Line('data: {"type":"text-delta","id":"0","delta":"Hal"}', "text-delta", "Hal", "part=0"),
        Line('data: {"type":"data-weather","id":"w","data":{}}', "data", "", "part=w"),
        Line('data: {"type":"text-end","id":"0"}', "text-end", "", "part=0"),
        Line(
            'data: {"type":"tool-input-available","toolCallId":"call_1","toolName":"f","input":{}}',
            "tool-input-available",
            "",
            "tool_call=call_1",
        ),
        Line('data: {"type":"finish-step"}', "finish-step"),
        Line('data: {"type":"finish"}', "finish"),
        Line("data: [DONE]", "end"),
    ],
    "ollama": [
        Line(
            '{"model":"m","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}',
            "thinking",
        ),
        Line('{"model":"m","message":{"role":"assistant","content":"Hal"},"done":false}', "token", "Hal"),
        Line('{"model":"m","response":"lo","done":false}', "token", "lo"),
        Line('{"model":"m","message":{"content":"","tool_calls":[{}]},"done":false}', "tool_call"),
        Line('{"model":"m","message":{"role":"assistant","content":""},"done":true}', "end"),
    ],
    "plain": [
        Line("event: quote\ndata: 1", "quote"),
        Line("data: 2", "message"),
        Line("event: bye", "dropped"),
    ],
}


def body(dialect: str) -> bytes:
    """The stream's bytes."""
    end = "\n" if dialect == "ollama" else "\n\n"
    return "".join(line.block + end for line in STREAMS[dialect]).encode()


def events(dialect: str) -> list[Event]:
    return (LineParser() if dialect == "ollama" else EventStreamParser()).feed(body(dialect))
