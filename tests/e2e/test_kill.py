"""kill -9 of a real recorder: every event that the client had is in a cassette that every command opens."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random

import pytest

from tests.e2e.flood import are_numbered, flood, whole_events
from tests.e2e.streams import request
from tests.support.disk import OnDisk, only_file
from tests.support.net import client, fetch, finish, upstream
from tests.support.process import run, server
from tests.support.wire import Response

SEEDS = [*range(5), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(5, 55))]


async def until_killed(seed: int, folder: Path) -> Response:
    """What a client had of a stream whose recorder was killed at a random point."""
    random = Random(seed)
    enough = random.randrange(random.choice([1, 10_000, 300_000]))
    got = Response(request())
    async with (
        upstream(flood(seed)) as url,
        server("record", "--upstream", url, "--cassettes", folder) as (process, proxy),
        client(proxy) as peer,
    ):
        await peer.send(request())
        while not got.head or len(got.body) < enough:
            got.feed(await peer.read())
        process.kill()
        assert await process.wait() != 0
        return await finish(peer, got)


async def check_commands(disk: OnDisk, folder: Path) -> None:
    """Each command opens what is there, and says that it is not whole."""
    listed, shown, as_json, raw, validated = await asyncio.gather(
        run("ls", folder),
        run("show", folder),
        run("show", "--json", folder),
        run("show", "--raw", folder),
        run("validate", folder),
    )
    assert [each.status for each in (listed, shown, as_json, raw, validated)] == [0, 0, 0, 0, 1]
    for each in (listed, shown, validated):
        assert b"incomplete" in each.out
    (told,) = json.loads(as_json.out)
    assert told["ending"] == "incomplete"
    assert [event["id"] for event in told["events"]] == [
        str(number) for number in range(len(whole_events(disk.body)))
    ]
    assert raw.out == disk.body


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_killed_recorder_leaves_all_that_its_client_had(seed: int, tmp_path: Path) -> None:
    got = await until_killed(seed, tmp_path)
    assert got.fate != "whole"
    disk = only_file(tmp_path)
    assert disk.path.name.endswith(".part")
    assert disk.kinds[:3] == ["head", "request", "response"]

    had, kept = whole_events(got.body), whole_events(disk.body)
    assert are_numbered(kept)
    assert kept[: len(had)] == had

    await check_commands(disk, tmp_path)
    async with server("replay", "--cassettes", tmp_path, "--speed", "max") as (_, mock):
        again = await fetch(mock, request())
    assert again.head == got.head
    assert again.body == disk.body
    assert again.fate == "cut"
