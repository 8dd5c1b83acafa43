"""A bare pass-through with aiohttp, as anybody would write it: the measure of what a proxy in Python costs.

passthrough.py UPSTREAM_PORT PORT asyncio|uvloop [pushing]

`pushing`: what the client reads is handed on right behind the read, and no task wakes up for it. aiohttp has
no way to ask for that.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable

from aiohttp import ClientResponse, ClientSession, StreamReader, TCPConnector, web

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


async def pull(answer: ClientResponse, response: web.StreamResponse, request: web.Request) -> None:
    async for data in answer.content.iter_any():
        await response.write(data)


class Pushing(StreamReader):
    """In the place of an answer's own reader."""

    __slots__ = ()
    sinks: dict[int, Callable[[bytes], None]] = {}  # noqa: RUF012 - one for all

    def feed_data(self, data: bytes, size: int = 0) -> bool:
        self.sinks[id(self)](data)
        return False


async def push(answer: ClientResponse, response: web.StreamResponse, request: web.Request) -> None:
    transport, content = request.transport, answer.content
    assert transport

    pieces: list[bytes] = []

    def write() -> None:
        data = b"".join(pieces)
        pieces.clear()
        if data:
            transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def take(data: bytes) -> None:
        if not pieces:  # a burst has a thousand chunks, each of which is told
            asyncio.get_running_loop().call_soon(write)
        pieces.append(data)

    take(content.read_nowait())
    Pushing.sinks[id(content)] = take
    content.__class__ = Pushing
    try:
        await content.wait_eof()  # raises where the upstream breaks off
    finally:
        del Pushing.sinks[id(content)]
    write()


async def main(upstream: int, port: int, *, pushing: bool) -> None:
    hand_on = push if pushing else pull
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
                await hand_on(answer, response, request)
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
        runner.run(main(int(sys.argv[1]), int(sys.argv[2]), pushing=sys.argv[4:] == ["pushing"]))
