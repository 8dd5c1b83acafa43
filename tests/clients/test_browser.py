"""What only a browser does: it asks for leave, keeps from a page what is not meant for it, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.cassette.store import find, load_all
from tests.clients.answers import feed, prediction
from tests.clients.harness import Used, program, recording, replaying, require, use
from tests.clients.matrix import Needs
from tests.clients.scripted import Answer, Asked, scripted

pytestmark = pytest.mark.clients


def without_pages(asked: Asked) -> Answer:
    """A prediction server that knows of no pages of other origins."""
    answer = prediction(asked)
    return Answer(answer.pieces, answer.type, answer.status)


async def recorded_with_curl(cassettes: Path) -> Used:
    async with scripted(without_pages) as upstream, recording(upstream.url, cassettes) as proxy:
        return await use(program("curl.sh"), proxy)


async def test_a_cassette_made_with_curl_serves_a_browser(tmp_path: Path) -> None:
    require(Needs.CHROMIUM)
    require(Needs.CURL)
    recorded = await recorded_with_curl(tmp_path)
    assert len(recorded.events) == 7
    async with replaying(tmp_path) as mock:
        assert await use(program("browser_fetch.mjs"), mock) == recorded


async def test_with_no_cors_the_browser_keeps_it_from_the_page(tmp_path: Path) -> None:
    require(Needs.CHROMIUM)
    require(Needs.CURL)
    await recorded_with_curl(tmp_path)
    async with replaying(tmp_path, options=("--no-cors",)) as mock:
        used = await use(program("browser_fetch.mjs"), mock)
    assert used.events == []
    assert "has been blocked by CORS policy" in used.complaint


async def test_a_browser_reconnects_with_the_last_id_through_the_recorder(tmp_path: Path) -> None:
    require(Needs.CHROMIUM)
    async with scripted(feed) as upstream, recording(upstream.url, tmp_path) as proxy:
        await use(program("browser_eventsource.mjs"), proxy)
    exchanges = [exchange for _, exchange in load_all(find([tmp_path]))]
    requests = [dict(exchange.request.headers) for exchange in exchanges if exchange.request]
    assert [headers.get(b"Last-Event-ID") for headers in requests] == [None, b"2"]


@pytest.mark.parametrize("name", ["browser_eventsource.mjs", "eventsource.mjs"])
async def test_who_loads_the_page_again_reads_the_feed_from_its_beginning(name: str, tmp_path: Path) -> None:
    require(Needs.CHROMIUM if "browser" in name else Needs.NODE)
    async with scripted(feed) as upstream, recording(upstream.url, tmp_path) as proxy:
        recorded = await use(program(name), proxy)
    assert len(recorded.events) == 5
    async with replaying(tmp_path) as mock:
        assert [await use(program(name), mock) for _ in range(2)] == [recorded] * 2


async def test_a_page_reads_why_nothing_answers(tmp_path: Path) -> None:
    require(Needs.CHROMIUM)
    require(Needs.CURL)
    await recorded_with_curl(tmp_path)
    async with replaying(tmp_path) as mock:
        (told,) = (await use(program("browser_miss.mjs"), mock)).events
    assert told["status"] == 404
    assert told["text"].startswith("no cassette answers POST /nowhere: its path was never recorded")


async def test_a_browser_comes_back_when_the_stream_tells_it_to(tmp_path: Path) -> None:
    require(Needs.CHROMIUM)
    retry = program("browser_retry.mjs")
    async with scripted(feed) as upstream, recording(upstream.url, tmp_path) as proxy:
        used = [await use(retry, upstream.url), await use(retry, proxy)]
    async with replaying(tmp_path) as mock:
        used.append(await use(retry, mock))
    assert used == [Used(0, ["back"])] * 3
