"""aiohttp, reading line by line."""

import asyncio

import aiohttp

from tests.clients.reading import give, leave


async def main() -> None:
    session = aiohttp.ClientSession("http://127.0.0.1:8080")
    async with session, session.post("/events", json={"about": "rain"}) as response:
        async for line in response.content:
            if line.startswith(b"data:") and give(line.decode()):
                response.close()
                break


asyncio.run(main())
leave()
