"""`sseproxy demo`: one command that shows what this is."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path

import click
import orjson

from sseproxy.analysis.exactness import compare
from sseproxy.cassette.store import find, load, make_folder
from sseproxy.cli.asking import ask
from sseproxy.cli.demo_screen import DemoScreen
from sseproxy.cli.options import Speed
from sseproxy.clock import SystemClock
from sseproxy.console.table import stdout
from sseproxy.demo.flows import FLOWS
from sseproxy.demo.server import serve as serve_demo
from sseproxy.matching import Answers, Loaded
from sseproxy.mock import Mock
from sseproxy.mock import Options as MockOptions
from sseproxy.proxy import Options as ProxyOptions
from sseproxy.proxy import Proxy


@click.command()
@click.option(
    "--flow", type=click.Choice(sorted(FLOWS)), default="conversation", show_default=True, help="What to ask."
)
@click.option(
    "--question", default="What is a token stream?", show_default=True, help="The question to send."
)
@click.option(
    "--cassettes",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the recording here.  [default: a temporary folder]",
)
@click.option(
    "--speed", type=Speed(), metavar="1|N|max", default="1", show_default=True, help="Speed of the replay."
)
def demo(flow: str, question: str, cassettes: Path | None, speed: float) -> None:
    """Record an embedded server, replay it, and tell how exact it was.

    Exits 1 where the replay differs in bytes or order.
    """
    logging.getLogger("sseproxy").setLevel(logging.ERROR)  # how the stream ends is shown anyhow
    if cassettes:
        make_folder(cassettes)
    with tempfile.TemporaryDirectory(prefix="sseproxy-demo-") as folder:
        same = asyncio.run(_demo(flow, question, cassettes or Path(folder), speed))
    raise SystemExit(0 if same else 1)


async def _demo(flow: str, question: str, cassettes: Path, speed: float) -> bool:
    screen = DemoScreen(stdout())
    clock = SystemClock()
    target = f"/api/v1/prediction/{flow}"
    body = orjson.dumps({"question": question, "streaming": True})

    async with serve_demo() as upstream:
        proxy = Proxy(ProxyOptions(upstreams=(upstream,), cassettes=cassettes, port=0), clock)
        server = await proxy.start()
        screen.recording(upstream, server.url, question)
        await ask(server.url, target, body, clock, screen.live)
        await proxy.stop(grace=0)
    path = max(find([cassettes]), key=lambda each: each.stat().st_mtime_ns)
    recorded = load(path)
    screen.recorded(path, recorded)

    mock = Mock(Answers(Loaded([recorded])), MockOptions(port=0, speed=speed), clock)
    server = await mock.start()
    screen.replaying(server.url, recorded, speed)
    replayed = await ask(server.url, target, body, clock, screen.beside)
    await mock.stop()
    exactness = compare(recorded, replayed, speed)
    screen.verdict(exactness)
    return exactness.same
