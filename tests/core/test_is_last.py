"""After which event a client that closes has had the whole stream."""

from __future__ import annotations

import pytest

from sseproxy.dialects import is_last
from sseproxy.sse import Event, EventStreamParser


def event(block: bytes) -> Event:
    [only] = EventStreamParser().feed(block + b"\n\n")
    return only


LAST = [
    # The prediction server, as documented and as deployed.
    b"event: end\ndata: [DONE]",
    b"event: end\ndata:",
    b"event: end\ndata: anything",
    b'message:\ndata:{"event":"end","data":"[DONE]"}',
    b'data: { "data" : "[DONE]", "event" : "end" }',
    b'data: {"event":"end"}',
    # OpenAI: chat completions, then responses.
    b"data: [DONE]",
    b"data:[DONE]",
    b"data:  [DONE] ",
    b'event: response.completed\ndata: {"type":"response.completed","response":{}}',
    b'data: {"type":"response.completed"}',
    # Anthropic.
    b'event: message_stop\ndata: {"type":"message_stop"}',
    b'data: {"type":"message_stop"}',
]

NOT_LAST = [
    # A block that nobody sees.
    b"event: end",
    b": [DONE]",
    b"id: 1",
    # The prediction server.
    b"event: start\ndata: [",
    b"event: token\ndata: end",
    b"event: token\ndata: [DONE]",
    b'event: token\ndata: {"event":"end"}',
    b"event: metadata\ndata: {}",
    b"event: error\ndata: no",
    b"event: End\ndata: x",
    b'message:\ndata:{"event":"token","data":"[DONE]"}',
    b'data:{"event":"token","data":"end"}',
    b'data:{"event":"metadata","data":{"event":"end"}}',
    b'data:{"event":"agentFlowEvent","data":"{\\"event\\":\\"end\\"}"}',
    b'data:{"event":"END"}',
    b'data:{"event":["end"]}',
    b'data:{"event":null,"type":null}',
    # OpenAI.
    b'data: {"choices":[{"delta":{"content":"[DONE]"}}]}',
    b'data: {"choices":[{"finish_reason":"stop"}]}',
    b'data: "[DONE]"',
    b"data: [done]",
    b"data: [DONE] and more",
    b"data: [DONE]\ndata: more",
    b'event: response.created\ndata: {"type":"response.created"}',
    b'data: {"type":"response.output_text.done","text":"response.completed"}',
    # Anthropic.
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}',
    b'event: content_block_stop\ndata: {"type":"content_block_stop"}',
    b'event: ping\ndata: {"type":"ping"}',
    # `end` is the name of an event, not a type of Anthropic's or OpenAI's.
    b'data: {"type":"end"}',
    # No JSON, or none that says anything.
    b"data:",
    b"data: {",
    b"data: {}",
    b"data: {event:end}",
    b"data: []",
    b'data: ["event","end"]',
    b'data: [{"event":"end"}]',
    b'data: "event"',
    b'data: {"event":"end"',
    b'data: {"event":"end"}{"event":"end"}',
    b'data: {"event":"\xff',
    b"data: " + b'{"a":' * 100_000,
]

# A JSON Schema in a tool's answer has such members.
OF_ANOTHER_TYPE = [
    b'data: {"type":["string","null"]}',
    b'data: {"type":{"const":"message_stop"}}',
    b'data: {"type":1}',
    b'data: {"type":true,"event":{}}',
]


@pytest.mark.parametrize("block", LAST)
def test_these_are_the_last(block: bytes) -> None:
    assert is_last(event(block))


@pytest.mark.parametrize("block", NOT_LAST, ids=lambda block: repr(block[:60]))
def test_these_are_not(block: bytes) -> None:
    assert not is_last(event(block))


@pytest.mark.parametrize("block", OF_ANOTHER_TYPE)
def test_nor_are_those_whose_members_are_no_strings(block: bytes) -> None:
    assert not is_last(event(block))
