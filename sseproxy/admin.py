"""`GET /healthz` and `GET /metrics`, on a port of their own and never on the proxied one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from sseproxy.errors import SseproxyError

Figures = Callable[[], Awaitable[bytes]]
"""Gives the page of figures."""


@asynccontextmanager
async def serve_admin(host: str, port: int, figures: Figures) -> AsyncIterator[str]:
    """Serves them while entered; the value is the base URL. Raises SseproxyError where it can't listen."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=await figures(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise SseproxyError(f"can't listen on {host}:{port} (--admin-port): {error.strerror}") from None
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()
