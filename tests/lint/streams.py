"""Streams to be spoilt: the real server's, and one of each other dialect as its documentation has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sseproxy.analysis.lint import Course, Expectations, Finding, Severity, lint
from sseproxy.cassette.items import items
from sseproxy.cassette.store import load
from sseproxy.exchange import Arrival, Exchange, Headers
from sseproxy.sse import parser_for
from tests.cli.builder import encoded, stream

PLAIN_EXPECTATIONS = Expectations()
CAPTURES = Path(__file__).parent.parent.parent / "cassettes" / "captures"
TAKEOVER = CAPTURES.parent / "takeover"
"""Two requests with one chat id at once, as they were recorded from the real server."""
GOOD_HEADERS: Headers = (
    (b"Content-Type", b"text/event-stream"),
    (b"Cache-Control", b"no-cache"),
    (b"X-Accel-Buffering", b"no"),
    (b"Transfer-Encoding", b"chunked"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of the stream with the time of the read that brought it; those of one time came in one read."""

    t: int
    block: bytes

    @property
    def kind(self) -> str:
        """What the block is called in this table: a word of it that is a kind in any dialect."""
        for word in _KINDS:
            if word in self.block:
                return word.decode()
        return ""


Pieces = list[Piece]
Change = Callable[[Pieces], Pieces]

_KINDS = (
    *(b"message_start", b"message_stop", b"message_delta", b"content_block_start", b"content_block_stop"),
    *(
        b"content_block_delta",
        b"response.created",
        b"response.completed",
        b"output_text.delta",
        b"start-step",
    ),
    *(b"text-delta", b"finish-step", b'"finish"', b"nextAgentFlow", b"agentFlowExecutedData"),
    *(b"agentFlowEvent", b"usageMetadata", b"calledTools", b"usedTools", b"sourceDocuments", b"metadata"),
    *(b"heartbeat", b'"stop"', b"[DONE]", b'"done":true', b'"error"', b"event: start", b'"start"', b"result"),
    *(b"notifications", b'"role"', b"token", b'"content"', b'"text"'),
)


def pieces(exchange: Exchange) -> Pieces:
    """The blocks of an exchange, each with the time at which it was complete."""
    assert exchange.response
    parser = parser_for(
        b"application/x-ndjson" if b"ndjson" in exchange.response.headers[0][1] else b"text/event-stream"
    )
    assert parser
    found: Pieces = []
    body = exchange.body
    start = 0
    for t, data in exchange.arrivals:
        for event in parser.feed(data):
            found.append(Piece(t, body[start : event.stop]))
            start = event.stop
    assert start == len(body)
    return found


def with_pieces(exchange: Exchange, changed: Pieces) -> Exchange:
    """The exchange with these blocks for its body."""
    reads: dict[int, bytes] = {}
    for piece in changed:
        reads[piece.t] = reads.get(piece.t, b"") + piece.block
    arrivals = tuple(Arrival(t, data) for t, data in sorted(reads.items()))
    end = exchange.end
    if end:
        last = max([end.t, *reads])
        end = replace(end, t=last, bytes=sum(len(data) for _, data in arrivals))
    return replace(exchange, arrivals=arrivals, end=end)


def linted(
    exchange: Exchange, expectations: Expectations = PLAIN_EXPECTATIONS
) -> tuple[list[Finding], Course | None]:
    lines = encoded(exchange).splitlines(keepends=True)
    return lint("one.sse.jsonl", items(lines), expectations)


def codes(findings: Sequence[Finding], severity: Severity = Severity.WARNING) -> list[str]:
    return [finding.rule.code for finding in findings if finding.rule.severity >= severity]


@cache
def capture(name: str) -> Exchange:
    return load(CAPTURES / f"{name}.sse.jsonl")


def spoken(name: str) -> Exchange:
    """A stream of this name: a capture, or one of the dialects below."""
    return _documented(name) if name in DOCUMENTED else capture(name)


def _documented(name: str) -> Exchange:
    end = "\n" if name == "ollama" else "\n\n"
    blocks = [
        block.strip("\n") + end
        for block in DOCUMENTED[name].strip().split("\n" if name == "ollama" else "\n\n")
    ]
    kind = b"application/x-ndjson" if name == "ollama" else b"text/event-stream"
    headers = ((b"Content-Type", kind), *GOOD_HEADERS[1:])
    built = stream(*(block.encode() for block in blocks), headers=headers)
    asked = REQUESTS.get(name)
    return replace(built, request=replace(built.request, body=asked)) if asked and built.request else built


REAL = ("conversation", "toolagent", "retrieval", "agentflow_agent", "err400", "midfail", "slow_heartbeat")

CHUNK = 'data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{{"index":0,{}}}]}}\n\n'
REQUESTS = {"mcp": b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{}}'}
DOCUMENTED = {
    "named": "event: start\ndata: Once\n\n"
    + "".join(f"event: token\ndata: {word}\n\n" for word in ("Once", " upon", " a", " time"))
    + 'event: usedTools\ndata: [{"tool":"clock"}]\n\n'
    + 'event: metadata\ndata: {"chatId":"c","chatMessageId":"m"}\n\n'
    + "event: end\ndata: [DONE]",
    "chat": CHUNK.format('"delta":{"role":"assistant","content":""}')
    + "".join(CHUNK.format(f'"delta":{{"content":"{word}"}}') for word in ("Once", " upon", " a", " time"))
    + CHUNK.format('"delta":{},"finish_reason":"stop"')
    + "data: [DONE]",
    "responses": "\n\n".join(
        f'event: {kind}\ndata: {{"type":"{kind}","sequence_number":{number},{rest}}}'
        for number, (kind, rest) in enumerate(
            [
                ("response.created", '"response":{"id":"resp_1"}'),
                ("response.in_progress", '"response":{"id":"resp_1"}'),
                ("response.output_item.added", '"item":{"id":"msg_1"}'),
                ("response.output_text.delta", '"item_id":"msg_1","delta":"Once"'),
                ("response.output_text.delta", '"item_id":"msg_1","delta":" upon"'),
                ("response.output_item.done", '"item":{"id":"msg_1"}'),
                ("response.completed", '"response":{"id":"resp_1"}'),
            ]
        )
    ),
    "anthropic": "\n\n".join(
        f'event: {kind}\ndata: {{"type":"{kind}"{rest}}}'
        for kind, rest in [
            ("message_start", ',"message":{"id":"msg_1"}'),
            ("ping", ""),
            ("content_block_start", ',"index":0,"content_block":{"type":"text","text":""}'),
            ("content_block_delta", ',"index":0,"delta":{"type":"text_delta","text":"Once"}'),
            ("content_block_delta", ',"index":0,"delta":{"type":"text_delta","text":" upon"}'),
            ("content_block_stop", ',"index":0'),
            ("message_delta", ',"delta":{"stop_reason":"end_turn"}'),
            ("message_stop", ""),
        ]
    ),
    "mcp": "\n\n".join(
        [
            'id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}',
            'id: 2\ndata: {"jsonrpc":"2.0","id":2,"result":{"content":[]}}',
        ]
    ),
    "vercel": "\n\n".join(
        f"data: {each}"
        for each in [
            '{"type":"start","messageId":"msg-1"}',
            '{"type":"start-step"}',
            '{"type":"text-start","id":"0"}',
            '{"type":"text-delta","id":"0","delta":"Once"}',
            '{"type":"text-end","id":"0"}',
            '{"type":"finish-step"}',
            '{"type":"finish"}',
            "[DONE]",
        ]
    ),
    "ollama": "\n".join(
        [
            '{"model":"m","message":{"role":"assistant","content":"Once"},"done":false}',
            '{"model":"m","message":{"role":"assistant","content":" upon"},"done":false}',
            '{"model":"m","message":{"role":"assistant","content":""},"done":true}',
        ]
    ),
}
