"""The admin port, and the log: what an operator has of a recorder."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import Ending, Framing
from tests.e2e.streams import EVENTS, LAST_CHUNK, framed, head, request
from tests.faults.support import Program, get, program, recordings
from tests.support.net import Peer, Turns, client, fetch, finish, upstream
from tests.support.process import run
from tests.support.wire import Response

WHOLE = head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]) + LAST_CHUNK
CUT = head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0])
OWN_PATHS = ["/healthz", "/metrics"]


class Stage:
    """A recorder, and an upstream that answers what its target asks for."""

    def __init__(self, recorder: Program) -> None:
        self.recorder = recorder
        self.go_on = Turns()

    async def script(self, peer: Peer) -> None:
        asked = await peer.request()
        if b"/waits" in asked:
            await peer.send(CUT)
            await self.go_on.wait()
            await peer.send(LAST_CHUNK)
        else:
            await peer.send(CUT if b"/cut" in asked else WHOLE)

    async def ask(self, target: str = "/whole") -> Response:
        return await fetch(self.recorder.url, get(target))


@contextlib.asynccontextmanager
async def stage(folder: Path, *arguments: str) -> AsyncIterator[Stage]:
    async def script(peer: Peer) -> None:
        await made.script(peer)

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", folder, *arguments) as recorder,
    ):
        made = Stage(recorder)
        yield made


async def test_health_is_told_on_the_admin_port(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        health = await fetch(on.recorder.admin, get("/healthz"))
    assert (health.status, health.body) == (200, b"ok\n")


async def test_the_figures_of_an_idle_recorder_are_there_from_the_start(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        raw = await fetch(on.recorder.admin, get("/metrics"))
        figures = await on.recorder.figures()
    assert (raw.header(b"content-type") or b"").startswith(b"text/plain")
    assert figures["sseproxy_open_streams"] == 0
    assert figures["sseproxy_lost_recordings"] == 0
    assert figures["sseproxy_exchange_seconds_count"] == 0


async def test_exchanges_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        for target in ("/whole", "/whole", "/cut"):
            await on.ask(target)
        figures = await on.recorder.figures()
    assert figures["sseproxy_exchanges_total{clean}"] == 2
    assert figures["sseproxy_exchanges_total{truncated}"] == 1
    assert figures["sseproxy_exchange_seconds_count"] == 3
    assert figures["sseproxy_open_streams"] == 0


async def test_open_streams_are_counted_while_they_are_open(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, client(on.recorder.url) as peer:
        got = Response(request())
        await peer.send(get("/waits"))
        while not got.body:
            got.feed(await peer.read())
        during = await on.recorder.figures()
        on.go_on.give()
        await finish(peer, got)
        after = await on.recorder.figures()
    assert got.fate == "whole"
    assert (during["sseproxy_open_streams"], after["sseproxy_open_streams"]) == (1, 0)


@pytest.mark.parametrize("target", ["/", "/healthz/", "/metricsx", "/whole"])
async def test_the_admin_port_has_nothing_else(target: str, tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        assert (await fetch(on.recorder.admin, get(target))).status == 404
    assert recordings(tmp_path) == []


@pytest.mark.parametrize("target", OWN_PATHS)
async def test_the_proxied_port_leaves_these_paths_to_the_upstream(target: str, tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        got = await on.ask(target)
    assert got.body == EVENTS[0]
    (path,) = recordings(tmp_path)
    exchange = load(path)
    assert exchange.request
    assert exchange.request.target == target.encode()


async def test_what_is_asked_on_the_admin_port_is_neither_recorded_nor_counted(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        for target in OWN_PATHS:
            await fetch(on.recorder.admin, get(target))
        assert (await on.recorder.figures())["sseproxy_exchange_seconds_count"] == 0
        assert on.recorder.said == []
    assert recordings(tmp_path) == []


async def test_an_admin_port_that_is_taken_is_trouble(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        taken = str(urlsplit(on.recorder.admin).port)
        where = ("--upstream", "http://127.0.0.1:1", "--cassettes", tmp_path, "--port", "0")
        result = await run("record", *where, "--admin-port", taken)
    assert result.status == 2
    assert b"--admin-port" in result.err
    assert b"Traceback" not in result.err


async def test_health_goes_on_while_streams_are_given_their_grace_to_end(tmp_path: Path) -> None:
    """Figures are worth most then; the port is closed last."""
    async with stage(tmp_path, "--grace", "3600") as on, client(on.recorder.url) as peer:
        got = Response(request())
        await peer.send(get("/waits"))
        while not got.body:
            got.feed(await peer.read())
        on.recorder.process.terminate()
        assert (await fetch(on.recorder.admin, get("/healthz"))).status == 200
        assert (await on.recorder.figures())["sseproxy_open_streams"] == 1
        on.go_on.give()
        await finish(peer, got)
        assert got.fate == "whole"
        assert await on.recorder.ended() == 0


# The log.

REFUSED = b"GET / HTTP/1.1\r\n\r\n"


async def log_of(folder: Path, *arguments: str) -> list[str]:
    """The log of three exchanges and a refusal."""
    async with stage(folder, *arguments) as on:
        for target in ("/whole", "/cut?x=1", "/whole"):
            await on.ask(target)
        await fetch(on.recorder.url, REFUSED)
        assert await on.recorder.stop() == 0
    return on.recorder.said


def ids(folder: Path) -> list[str]:
    return [load(path).head.id for path in recordings(folder)]


async def test_each_line_of_a_json_log_is_an_object_and_names_its_exchange(tmp_path: Path) -> None:
    entries = [json.loads(line) for line in await log_of(tmp_path, "--log-format", "json")]
    assert [entry["level"] for entry in entries] == ["info", "warning", "info", "warning"]
    for entry in entries:
        assert {"time", "level", "logger", "message"} <= set(entry)
        assert datetime.fromisoformat(entry["time"]).utcoffset() is not None
    assert [entry.get("exchange") for entry in entries] == [*ids(tmp_path), None]
    assert [load(path).ending for path in recordings(tmp_path)] == [
        Ending.CLEAN,
        Ending.TRUNCATED,
        Ending.CLEAN,
    ]
    for entry, path in zip(entries[:3], recordings(tmp_path), strict=True):
        assert load(path).ending in entry["message"]


async def test_a_text_log_has_one_line_an_exchange_that_names_it(tmp_path: Path) -> None:
    lines = await log_of(tmp_path)
    assert len(lines) == 4
    for line, id_, path in zip(lines[:3], ids(tmp_path), recordings(tmp_path), strict=True):
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3} (warning: )?GET /", line)
        assert load(path).ending in line
        assert line.endswith(f"[{id_}]")
    assert "warning: refused a request" in lines[3]


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_loss_is_logged_with_its_exchange_and_summed_up_at_last(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "parent" / "cassettes"
    async with stage(folder, "--log-format", form) as on:
        folder.rmdir()
        folder.parent.rmdir()
        folder.parent.touch()
        assert (await on.ask()).fate == "whole"
        assert await on.recorder.stop() == 1
    loss, exchange, summary = on.recorder.said
    assert "is not fully recorded" in loss
    assert "Not a directory" in loss
    assert "/whole" in exchange
    assert "recordings that are not whole: 1" in summary
    if form == "json":
        assert [json.loads(line)["level"] for line in on.recorder.said] == ["error", "warning", "warning"]
