"""The edge of the demo: HTTP on one side, `flows` and `wire` on the other."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from yarl import URL

from sseproxy.demo.flows import CANNOT_STREAM, FLOWS, Ending, Script
from sseproxy.demo.wire import Dialect, compact, read_ask, refusal, whole_answer, writes

BODY_LIMIT = 2**20
"""Longest request body, in bytes."""
_LEAVE = 0.2
"""Seconds that open streams get when the server stops; nobody misses the rest of a demo."""
_SECOND = 1_000_000  # in microseconds
DEMO = "demo"
"""The upstream that is a server of our own."""

_HEADERS = (
    ("Vary", "Origin"),
    ("Content-Security-Policy", "frame-ancestors 'self'"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
_STREAM_HEADERS = (
    *_HEADERS,
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache"),
    ("Connection", "keep-alive"),
    ("X-Accel-Buffering", "no"),
)


def make_app(*, seed: int = 0, pace: float = 1.0) -> web.Application:
    """The demo server. `pace` multiplies all delays, 0 for none.

    The n-th prediction that a flow answers, counted from 0, is drawn from `seed` + n: a server started
    anew with the same seed gives the same bytes to the same requests in the same order.
    """
    if not (math.isfinite(pace) and pace >= 0):
        raise ValueError(f"pace must be a finite number of at least 0, not {pace}")
    demo = _Demo(seed, pace)
    app = web.Application(client_max_size=BODY_LIMIT)
    app.router.add_post("/api/v1/prediction/{flow}", demo.predict)
    app.router.add_post("/api/v1/predictions/{flow}", demo.predict)  # so says the documentation's cURL
    app.router.add_get("/api/v1/chatflows-streaming/{flow}", _probe)
    app.on_response_prepare.append(_drop_server)
    return app


@asynccontextmanager
async def serve(
    host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, pace: float = 1.0
) -> AsyncIterator[str]:
    """Run the demo; the value is its base URL. Port 0: any that is free."""
    # Without handler_cancellation a client that leaves in a silence is noticed only at the next write.
    runner = web.AppRunner(
        make_app(seed=seed, pace=pace), handler_cancellation=True, shutdown_timeout=_LEAVE, access_log=None
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        yield str(URL.build(scheme="http", host=address[0], port=address[1])).rstrip("/")
    finally:
        await runner.cleanup()


async def demo_for(spec: str, stack: AsyncExitStack) -> str:
    """The upstream with `demo` replaced by the URL of a server that has been started for it."""
    prefix, word = re.fullmatch(r"((?:/[^=]*=)?)(.*)", spec, re.DOTALL).groups()  # type: ignore[union-attr]
    return prefix + (await stack.enter_async_context(serve()) if word == DEMO else word)


class _Demo:
    def __init__(self, seed: int, pace: float) -> None:
        self._seeds = itertools.count(seed)
        self._pace = pace

    async def predict(self, request: web.Request) -> web.StreamResponse:
        schedule = _Schedule(self._pace)
        flow = request.match_info["flow"]
        if flow not in FLOWS:
            # The published server sends a streaming client not one byte, for ever; a demo had better speak.
            return _json(404, refusal(404, f"No flow {flow!r} here. There are: {', '.join(FLOWS)}."))
        try:
            dialect = _dialect(request)
            ask = read_ask(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _json(413, refusal(413, f"The body is longer than {BODY_LIMIT} bytes."))
        except ValueError as problem:
            return _json(400, refusal(400, str(problem)))
        script = FLOWS[flow](ask.question, next(self._seeds), ask.chat_id)
        if ask.streaming and flow not in CANNOT_STREAM:
            return await _stream(request, script, dialect, schedule)
        return await _answer(request, script, schedule)


class _Schedule:
    """Due times counted from one moment, so that a late write doesn't make the next ones late."""

    def __init__(self, pace: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = self._loop.time()
        self._pace = pace

    async def wait(self, due: int) -> None:
        """Until `due` microseconds of the script have passed since the arrival."""
        left = self._arrived + due * self._pace / _SECOND - self._loop.time()
        if self._pace and left > 0:
            await asyncio.sleep(left)


async def _stream(
    request: web.Request, script: Script, dialect: Dialect, schedule: _Schedule
) -> web.StreamResponse:
    response = web.StreamResponse(headers=_STREAM_HEADERS)
    if request.version < (1, 1):
        response.force_close()  # the body has no other end, whatever the client asked for
    *first, last = writes(script, dialect)
    try:
        await schedule.wait(script.head)
        await response.prepare(request)
        for write in first:
            await schedule.wait(write.due)
            await response.write(write.data)
        await schedule.wait(last.due)
        if script.ending is Ending.CUT:
            await response.write(last.data)
            _drop(request)
        else:
            await response.write_eof(last.data)  # the last chunk goes out with it, as seen on the wire
    except ConnectionResetError:
        pass  # the client left: nobody to tell
    return response


async def _answer(request: web.Request, script: Script, schedule: _Schedule) -> web.StreamResponse:
    await schedule.wait(sum(step.delay for step in script.steps))
    if script.ending is Ending.CUT:
        _drop(request)
        return web.Response()
    return _json(*whole_answer(script))


async def _probe(request: web.Request) -> web.Response:
    flow = request.match_info["flow"]
    if flow in FLOWS:
        return _json(200, {"isStreaming": flow not in CANNOT_STREAM})
    place = "chatflowsService.checkIfChatflowIsValidForStreaming"
    return _json(500, refusal(500, f"Error: {place} - Chatflow {flow} not found"))


def _dialect(request: web.Request) -> Dialect:
    name = request.query.get("dialect", Dialect.ENVELOPE)
    try:
        return Dialect(name)
    except ValueError:
        raise ValueError(f"No dialect {name!r} here. There are: {', '.join(Dialect)}.") from None


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _json(status: int, value: dict[str, object]) -> web.Response:
    headers = dict(_HEADERS)
    return web.Response(
        status=status, text=compact(value), headers=headers, content_type="application/json", charset="utf-8"
    )


async def _drop_server(_request: web.Request, response: web.StreamResponse) -> None:
    # aiohttp names itself and Python's version: the real server doesn't, and it differs between machines.
    response.headers.popall("Server", None)
