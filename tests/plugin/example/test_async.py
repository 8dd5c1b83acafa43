"""The same on event loops: pytest-asyncio's, pytest-aiohttp's and anyio's."""

import pytest
from aiohttp import web
from chat import ask_async
from pytest_aiohttp.plugin import AiohttpClient

from sseproxy.testing import SseMock


@pytest.mark.asyncio
async def test_on_the_loop_of_pytest_asyncio(sse_mock: SseMock) -> None:
    assert len([token async for token in ask_async(sse_mock.url, "Why?")]) > 1


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_on_the_loop_of_anyio(sse_mock: SseMock) -> None:
    assert len([token async for token in ask_async(sse_mock.url, "Why?")]) > 1


@pytest.mark.asyncio
async def test_behind_an_aiohttp_server(sse_mock: SseMock, aiohttp_client: AiohttpClient) -> None:
    async def shout(request: web.Request) -> web.Response:
        answer = [token async for token in ask_async(sse_mock.url, await request.text())]
        return web.Response(text="".join(answer).upper())

    app = web.Application()
    app.router.add_post("/shout", shout)
    client = await aiohttp_client(app)
    response = await client.post("/shout", data="Why?")
    assert "THREE THINGS" in await response.text()
