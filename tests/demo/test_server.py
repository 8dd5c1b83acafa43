"""The demo server over real sockets, without waiting: pace is 0."""

from __future__ import annotations

import io
from http import HTTPStatus

import aiohttp
import pytest

from sseproxy.demo.flows import FLOWS
from sseproxy.demo.server import BODY_LIMIT
from tests.demo.support import (
    ASK,
    QUESTION,
    STREAMING,
    envelope_events,
    exchange,
    named_events,
    request_bytes,
    steps,
)

COMMON_HEAD = [
    ("Vary", "Origin"),
    ("Content-Security-Policy", "frame-ancestors 'self'"),
    ("X-Frame-Options", "SAMEORIGIN"),
]


@pytest.mark.parametrize("path", ["prediction", "predictions"])
@pytest.mark.parametrize("flow", STREAMING)
async def test_stream_in_the_deployed_dialect(http: aiohttp.ClientSession, flow: str, path: str) -> None:
    async with http.post(f"/api/v1/{path}/{flow}", json=ASK) as response:
        assert response.status == HTTPStatus.OK
        assert envelope_events(await response.read()) == steps(flow)


@pytest.mark.parametrize("path", ["prediction", "predictions"])
@pytest.mark.parametrize("flow", STREAMING)
async def test_stream_in_the_documented_dialect(http: aiohttp.ClientSession, flow: str, path: str) -> None:
    async with http.post(f"/api/v1/{path}/{flow}?dialect=named", json=ASK) as response:
        assert response.status == HTTPStatus.OK
        assert named_events(await response.read()) == steps(flow)


async def test_stream_on_the_wire(base: str) -> None:
    raw = await exchange(base, request_bytes("conversation"))
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    assert status == "HTTP/1.1 200 OK"
    assert [header for header in headers if header[0] != "Date"] == [
        *COMMON_HEAD,
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache"),
        ("Connection", "keep-alive"),
        ("X-Accel-Buffering", "no"),
        ("Transfer-Encoding", "chunked"),
    ]
    assert body.startswith(b'2b\r\nmessage:\ndata:{"event":"start","data":""}\n\n\r\n')
    assert body.endswith(b'message:\ndata:{"event":"end","data":"[DONE]"}\n\n\r\n0\r\n\r\n')


@pytest.mark.parametrize("streaming", [True, "true"])
async def test_what_streams(http: aiohttp.ClientSession, streaming: object) -> None:
    ask = {"question": QUESTION, "streaming": streaming}
    async with http.post("/api/v1/prediction/conversation", json=ask) as response:
        assert response.content_type == "text/event-stream"


@pytest.mark.parametrize("ask", [{}, {"streaming": False}, {"streaming": "false"}, {"streaming": None}])
@pytest.mark.parametrize("flow", ["conversation", "tools", "retrieval", "agent", "slow", "plain"])
async def test_one_json_object(http: aiohttp.ClientSession, flow: str, ask: dict[str, object]) -> None:
    async with http.post(f"/api/v1/prediction/{flow}", json={"question": QUESTION} | ask) as response:
        assert response.status == HTTPStatus.OK
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert "Server" not in response.headers
        answer = await response.json()
    made = steps(flow)
    assert answer["text"] == "".join(data for kind, data in made if kind == "token")
    assert answer["chatMessageId"] == dict(made)["metadata"]["chatMessageId"]
    assert answer["isStreamValid"] is False


async def test_plain_answers_json_though_asked_to_stream(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/prediction/plain", json=ASK) as response:
        assert (await response.json())["question"] == QUESTION


@pytest.mark.parametrize("flow", ["error", "midfail"])
async def test_a_failure_is_a_500_when_it_does_not_stream(http: aiohttp.ClientSession, flow: str) -> None:
    async with http.post(f"/api/v1/prediction/{flow}", json={"question": QUESTION}) as response:
        assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
        assert await response.json() == {
            "statusCode": 500,
            "success": False,
            "message": dict(steps(flow))["error"],
            "stack": {},
        }


@pytest.mark.parametrize("flow", FLOWS)
async def test_probe(http: aiohttp.ClientSession, flow: str) -> None:
    async with http.get(f"/api/v1/chatflows-streaming/{flow}") as response:
        assert response.status == HTTPStatus.OK
        expected = b'{"isStreaming":false}' if flow == "plain" else b'{"isStreaming":true}'
        assert await response.read() == expected


async def test_probe_of_a_missing_flow_is_as_captured(http: aiohttp.ClientSession) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    async with http.get(f"/api/v1/chatflows-streaming/{missing}") as response:
        assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
        assert await response.text() == (
            '{"statusCode":500,"success":false,"message":"Error: chatflowsService.'
            f'checkIfChatflowIsValidForStreaming - Chatflow {missing} not found","stack":{{}}}}'
        )


async def test_an_unknown_flow_names_the_known(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/prediction/nowhere", json=ASK) as response:
        assert response.status == HTTPStatus.NOT_FOUND
        message = (await response.json())["message"]
    assert "'nowhere'" in message
    assert all(flow in message for flow in FLOWS)


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("", b'{"question": ', HTTPStatus.BAD_REQUEST),
        ("", b'"Hi"', HTTPStatus.BAD_REQUEST),
        ("", b"[" * 200_000, HTTPStatus.BAD_REQUEST),
        ("?dialect=klingon", b"{}", HTTPStatus.BAD_REQUEST),
        ("", b" " * (BODY_LIMIT + 1), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("", b" " * (BODY_LIMIT - 2) + b"{}", HTTPStatus.OK),
    ],
)
async def test_bad_requests(http: aiohttp.ClientSession, query: str, body: bytes, status: HTTPStatus) -> None:
    async with http.post(f"/api/v1/prediction/conversation{query}", data=io.BytesIO(body)) as response:
        assert response.status == status
        answer = await response.json()
    if status != HTTPStatus.OK:
        assert answer["statusCode"] == status
        assert answer["message"].endswith(".")


async def test_a_chat_goes_on(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/prediction/conversation", json=ASK | {"chatId": "mine"}) as response:
        assert dict(envelope_events(await response.read()))["metadata"]["chatId"] == "mine"
