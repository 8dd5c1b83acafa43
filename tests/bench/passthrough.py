"""A bare pass-through with aiohttp, as anybody would write it: the measure of what a proxy in Python costs.

passthrough.py UPSTREAM_PORT PORT asyncio|uvloop
"""

from __future__ import annotations

import asyncio
import importlib
import sys

from aiohttp import ClientSession, TCPConnector, web

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


async def main(upstream: int, port: int) -> None:
    async with ClientSession(connector=TCPConnector(limit=0), auto_decompress=False) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            url = f"http://127.0.0.1:{upstream}{request.raw_path}"
            body = await request.read()
            async with session.request(request.method, url, headers=request.headers, data=body) as answer:
                kept = [
                    (name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP
                ]
                response = web.StreamResponse(status=answer.status, headers=dict(kept))
                await response.prepare(request)
                async for data in answer.content.iter_any():
                    await response.write(data)
                await response.write_eof()
                return response

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    loop = importlib.import_module(sys.argv[3]).new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main(int(sys.argv[1]), int(sys.argv[2])))
