"""Every client, directly, through the recorder, and from the cassettes: the same events in the same order."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sseproxy.cassette.store import find, load_all
from sseproxy.exchange import Ending
from tests.clients import answers
from tests.clients.harness import (
    MODULES,
    NOTICED,
    leaving,
    program,
    recording,
    replaying,
    require,
    use,
)
from tests.clients.matrix import FOLDER, PROXY, ROWS, STREAMLIT, Needs, Row, pinned
from tests.clients.scripted import Replies, scripted

pytestmark = pytest.mark.clients
every_client = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.program)


def server_of(row: Row) -> Replies:
    replies: Replies = getattr(answers, row.upstream)
    return replies


def endings(cassettes: Path) -> set[Ending]:
    return {exchange.ending for _, exchange in load_all(find([cassettes]))}


@every_client
async def test_a_client_is_given_the_same_events(row: Row, tmp_path: Path) -> None:
    require(row.needs)
    async with scripted(server_of(row)) as upstream:
        direct = await use(program(row.program), upstream.url)
        async with recording(upstream.url, tmp_path) as proxy:
            recorded = await use(program(row.program), proxy)
    assert (direct.complaint, direct.status, len(direct.events)) == ("", 0, row.events)
    assert recorded == direct
    # A client that has seen its last event may leave before the end of the body.
    assert endings(tmp_path) <= {Ending.CLEAN, Ending.CLIENT_LEFT}
    async with replaying(tmp_path) as mock:
        assert await use(program(row.program), mock) == direct


@every_client
async def test_a_reader_who_leaves_is_missed_at_once(row: Row, tmp_path: Path) -> None:
    require(row.needs)
    given = {}
    async with scripted(server_of(row), hold=True) as upstream:
        given["direct"] = await _leave(row, upstream.url, upstream.left)
    async with scripted(server_of(row), hold=True) as upstream, recording(upstream.url, tmp_path) as proxy:
        given["record"] = await _leave(row, proxy, upstream.left)
    # The stream that was left never ended, so one that is not clean is that one.
    assert Ending.CLIENT_LEFT in (found := endings(tmp_path))
    assert found <= {Ending.CLEAN, Ending.CLIENT_LEFT}
    # Slowly, so that it is the reader who leaves, and not the replay that has come to its end.
    async with (
        replaying(tmp_path, "0.1") as url,
        leaving(program(row.program), url, row.leaves) as given["replay"],
    ):
        pass
    assert len(given["direct"]) == row.leaves
    assert given["record"] == given["replay"] == given["direct"]


async def _leave(row: Row, url: str, left: asyncio.Event) -> list[object]:
    """What a client of this server was given until it left, and the upstream noticed."""
    async with leaving(program(row.program), url, row.leaves) as given, asyncio.timeout(NOTICED):
        await left.wait()
    return given


@pytest.mark.parametrize("row", [row for row in ROWS if row.variable], ids=lambda row: row.program)
async def test_a_variable_is_as_good_as_an_argument(row: Row) -> None:
    assert row.variable
    name, behind = row.variable
    written = program(row.program)
    elsewhere = re.sub(rf'(base_url|host)="{PROXY}{behind}"(, )?', "", written.text)
    assert PROXY not in elsewhere
    async with scripted(server_of(row)) as upstream:
        env = {name: upstream.url + behind}
        assert await use(replace(written, text=elsewhere), upstream.url, env) == await use(
            written, upstream.url
        )


@pytest.mark.parametrize("package", sorted({row.package for row in (*ROWS, STREAMLIT) if row.package}))
def test_the_version_that_is_tested_is_the_one_that_is_named(package: str) -> None:
    npm = MODULES / package / "package.json"
    if package in json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]:
        require(Needs.NODE)
        installed = json.loads(npm.read_text(encoding="utf-8"))["version"]
    else:
        installed = importlib.metadata.version(package)
    assert installed == pinned(package)
