"""What the tests of the server share: a question, and readers of what comes back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sseproxy.demo.flows import CANNOT_STREAM, COMMENT, FLOWS
from sseproxy.sse import EventStreamParser

QUESTION = "Où est le café?"
ASK = {"question": QUESTION, "streaming": True}
SEED = 7
STREAMING = [flow for flow in FLOWS if flow not in CANNOT_STREAM | {"cut"}]


def steps(flow: str, seed: int = SEED) -> list[tuple[str, Any]]:
    return [(step.kind, step.data) for step in FLOWS[flow](QUESTION, seed, None).steps]


def envelope_events(raw: bytes) -> list[tuple[str, Any]]:
    parser = EventStreamParser()
    out: list[tuple[str, Any]] = []
    for event in parser.feed(raw):
        if event.dispatched:
            assert [ignored.line for ignored in event.ignored] == ["message:"]
            message = json.loads(event.data)
            assert list(message) == ["event", "data"]
            out.append((message["event"], message["data"]))
        else:
            out.append((COMMENT, event.comments[0]))
    assert parser.unfinished is None
    return out


def named_events(raw: bytes) -> list[tuple[str, Any]]:
    text = {"start", "token", "error", "end", "agentFlowEvent"}
    parser = EventStreamParser()
    out: list[tuple[str, Any]] = []
    for event in parser.feed(raw):
        if event.dispatched:
            out.append((event.type, event.data if event.type in text else json.loads(event.data)))
        else:
            out.append((COMMENT, event.comments[0]))
    assert parser.unfinished is None
    return out


async def exchange(base: str, request: bytes) -> bytes:
    """All that the server sends on a connection, to its end."""
    _, _, port = base.rpartition(":")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def request_bytes(flow: str, version: str = "1.1", connection: str = "close") -> bytes:
    body = json.dumps(ASK).encode()
    head = (
        f"POST /api/v1/prediction/{flow} HTTP/{version}\r\nHost: demo\r\nConnection: {connection}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
