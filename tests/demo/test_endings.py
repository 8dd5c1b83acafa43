"""How the demo's streams end, and what a server does between start and stop."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest

from sseproxy.demo.server import make_app, serve
from sseproxy.sse import EventStreamParser
from tests.demo.support import ASK, QUESTION, envelope_events, exchange, request_bytes, steps


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_an_http_1_0_body_ends_with_the_connection(base: str, connection: str) -> None:
    raw = await exchange(base, request_bytes("conversation", "1.0", connection))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert envelope_events(body) == steps("conversation")


@pytest.mark.parametrize("query", ["", "?dialect=named"])
async def test_cut_breaks_off_in_the_middle_of_an_event(base: str, query: str) -> None:
    raw = await exchange(base, request_bytes(f"cut{query}"))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert not body.endswith(b"0\r\n\r\n")
    parser = EventStreamParser()
    assert len(parser.feed(_unchunk(body))) == len(steps("cut")) - 1
    assert parser.unfinished is not None


def _unchunk(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length : length + 2] == b"\r\n"
        out, body = out + rest[:length], rest[length + 2 :]
    return out


async def test_a_client_sees_that_cut_is_not_whole(http: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.post("/api/v1/prediction/cut", json=ASK) as response:
            await response.read()


async def test_cut_without_streaming_answers_nothing(http: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.post("/api/v1/prediction/cut", json={"question": QUESTION})


async def test_a_client_that_leaves_ends_the_handler_quietly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with serve(pace=1) as base:
        _, _, port = base.rpartition(":")
        before = asyncio.all_tasks()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(request_bytes("slow"))
        await reader.readuntil(b"\r\n\r\n")  # the head comes long before the first event
        handlers = asyncio.all_tasks() - before
        assert handlers
        writer.close()
        await writer.wait_closed()
        # The stream would last 20 s; the limit only turns a hang into a failure.
        _, left = await asyncio.wait(handlers, timeout=10)
        assert not left
    assert not caplog.records


async def three_answers(seed: int) -> list[bytes]:
    async with serve(seed=seed, pace=0) as base, aiohttp.ClientSession(base) as http:
        out = []
        for _ in range(3):
            await http.get("/api/v1/chatflows-streaming/conversation")
            async with http.post("/api/v1/prediction/conversation", json=ASK) as response:
                out.append(await response.read())
        return out


async def test_one_seed_one_sequence_of_answers() -> None:
    first = await three_answers(40)
    assert first == await three_answers(40)
    assert len(set(first)) == 3
    # The n-th prediction is drawn from seed + n; probes don't count.
    assert (await three_answers(41))[:2] == first[1:]


async def test_a_refused_request_does_not_use_up_a_seed(http: aiohttp.ClientSession) -> None:
    await http.post("/api/v1/prediction/nowhere", json=ASK)
    await http.post("/api/v1/prediction/conversation", data=b"{")
    async with http.post("/api/v1/prediction/conversation", json=ASK) as response:
        assert envelope_events(await response.read()) == steps("conversation")


async def test_serve_closes_its_port() -> None:
    async with serve(pace=0) as base:
        _, _, port = base.rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(port))


@pytest.mark.parametrize("pace", [-1.0, float("nan"), float("inf")])
def test_pace_must_make_sense(pace: float) -> None:
    with pytest.raises(ValueError, match="pace"):
        make_app(pace=pace)
