"""httpx with httpx-sse, in asyncio."""

import asyncio

import httpx
from httpx_sse import aconnect_sse

from tests.clients.reading import give, leave


async def main() -> None:
    client = httpx.AsyncClient(base_url="http://127.0.0.1:8080")
    async with client, aconnect_sse(client, "POST", "/events", json={"about": "rain"}) as source:
        async for event in source.aiter_sse():
            if give({"event": event.event, "data": event.data, "id": event.id, "retry": event.retry}):
                break


asyncio.run(main())
leave()
