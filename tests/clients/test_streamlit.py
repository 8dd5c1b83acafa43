"""A person chats in a Streamlit app: with the demo, through the recorder, and with the cassettes.

Screenshots of the app are left in pytest's folder of temporary files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sseproxy.cassette.store import find, load_all
from sseproxy.demo.answers import DOCUMENTS, RETRIEVED
from sseproxy.demo.server import serve
from sseproxy.exchange import Ending
from tests.clients.answers import endless_prediction
from tests.clients.harness import NOTICED, PATIENCE, leaving, program, recording, replaying, require, use
from tests.clients.matrix import FOLDER, STREAMLIT
from tests.clients.scripted import scripted

pytestmark = pytest.mark.clients

FLOWS = ("tools", "retrieval", "error", "cut")
SEED = 7
SWITCHES = {
    "--server.address": "127.0.0.1",
    "--server.headless": "true",
    "--server.fileWatcherType": "none",
    "--browser.gatherUsageStats": "false",
}


@contextlib.asynccontextmanager
async def app(server: str) -> AsyncIterator[str]:
    """The app in front of a prediction server; the value is its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    switches = [word for pair in {**SWITCHES, "--server.port": str(port)}.items() for word in pair]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *switches,
        cwd=FOLDER / "streamlit_app",
        env={**os.environ, "FLOWISE_URL": server},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE):
            while b"URL:" not in (line := await process.stdout.readline()):
                assert line, "it ended before it told its address"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


async def chat(server: str, screenshots: Path) -> dict[str, dict[str, Any]]:
    """What a person saw of each flow."""
    env = {"FLOWS": " ".join(FLOWS), "SCREENSHOTS": str(screenshots)}
    async with app(server) as url:
        used = await use(program(STREAMLIT.program), url, env)
    assert (used.complaint, used.status) == ("", 0)
    return {turn.pop("flow"): turn for turn in used.events}


def count(events: str) -> int:
    """How many events `start, token x 24, end` are."""
    return sum(int(run.partition(" x ")[2] or 1) for run in events.split(", "))


@pytest.mark.timeout(300)  # three apps and three browsers
@pytest.mark.parametrize("way", ["stop", "tab"])
async def test_a_person_who_leaves_is_missed_at_once(way: str, tmp_path: Path) -> None:
    require(STREAMLIT.needs)
    async with scripted(endless_prediction, hold=True) as upstream:
        read = [await stop_reading(way, upstream.url, upstream.left)]
    async with (
        scripted(endless_prediction, hold=True) as upstream,
        recording(upstream.url, tmp_path) as proxy,
    ):
        read.append(await stop_reading(way, proxy, upstream.left))
    assert Ending.CLIENT_LEFT in {exchange.ending for _, exchange in load_all(find([tmp_path]))}
    # Slowly, so that it is the reader who leaves, and not the replay that has come to its end.
    async with replaying(tmp_path, "0.2") as mock:
        read.append(await stop_reading(way, mock))
    assert read == [["Zażółć 朝の ☕"]] * 3


async def stop_reading(way: str, server: str, left: asyncio.Event | None = None) -> list[str]:
    """What a person had read who then leaves; the upstream notices."""
    env = {"WAY": way, "READ": "☕"}
    async with app(server) as url, leaving(program("streamlit_leave.mjs"), url, 1, env) as given:
        if left:
            async with asyncio.timeout(NOTICED):
                await left.wait()
        return given


@pytest.mark.timeout(300)  # three apps and three browsers
async def test_a_person_sees_the_same(tmp_path: Path) -> None:
    require(STREAMLIT.needs)
    async with serve(seed=SEED) as demo:
        direct = await chat(demo, tmp_path / "direct")
    async with serve(seed=SEED) as demo, recording(demo, tmp_path / "cassettes") as proxy:
        recorded = await chat(proxy, tmp_path / "record")
    async with replaying(tmp_path / "cassettes", "1") as mock:
        replayed = await chat(mock, tmp_path / "replay")

    for way in (direct, recorded, replayed):
        assert list(way) == list(FLOWS)
        answers = {flow: turn.pop("seen") for flow, turn in way.items()}
        # A page is painted when the browser likes: some tokens may show together, never all.
        for flow in ("tools", "retrieval"):
            assert len(answers[flow]) > 5
        for states in answers.values():
            assert [pair for pair in pairwise(states) if not pair[1].startswith(pair[0])] == []
        assert answers["retrieval"][-1] == RETRIEVED
    assert recorded == direct
    assert replayed == direct

    (tool,) = direct["tools"]["shown"]
    assert "Tool: calculator" in tool
    assert '"output":"42"' in tool
    for shown, document in zip(direct["retrieval"]["shown"], DOCUMENTS, strict=True):
        assert str(document["pageContent"]) in shown
    assert "doesn't know this key" in direct["error"]["errors"][0]
    assert direct["cut"]["errors"] == ["The stream broke off: ChunkedEncodingError"]
    assert sum(count(turn["events"]) for turn in direct.values()) == STREAMLIT.events
