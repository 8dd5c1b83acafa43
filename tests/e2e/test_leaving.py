"""Clients that leave, and proxies that are stopped: what is kept of the stream, and how it replays."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sseproxy.clock import SystemClock
from sseproxy.exchange import Ending, Exchange, Framing
from sseproxy.proxy import Options, Proxy
from tests.e2e.streams import EVENTS, FRAMED, framed, head, read_in_lockstep, request, send_in_lockstep
from tests.support.net import (
    Peer,
    Turns,
    client,
    eventually,
    fetch,
    finish,
    only_cassette,
    recorded,
    replayer,
    silent_host,
)
from tests.support.wire import Fate, Response

CUT: dict[Framing, Fate] = {Framing.CHUNKED: "cut", Framing.LENGTH: "cut", Framing.CLOSE: "reset"}
"""How a client can be told that something is missing."""
MISSING = 10
"""Bytes of a body with a length that the client has not seen when it leaves."""

every_framing = pytest.mark.parametrize("framing", FRAMED)


async def leave(framing: Framing, pieces: Sequence[bytes], folder: Path, *, missing: int) -> Exchange:
    """A client has these pieces of a body and leaves; the cassette is read when the upstream has seen it."""
    turns = Turns()
    gone = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, framing, pieces, turns, missing=missing)
        await peer.rest()
        gone.give()

    async with recorded(script, folder) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(request())
            await read_in_lockstep(peer, Response(request()), pieces, turns)
            peer.close()
            await gone.wait()
        return only_cassette(folder)


async def replay(cassette: Exchange) -> Response:
    async with replayer([cassette]) as mock:
        return await fetch(mock.url, request())


@every_framing
async def test_a_client_that_leaves_an_idle_stream_closes_it_upstream_and_its_replay_breaks_off(
    framing: Framing, tmp_path: Path
) -> None:
    cassette = await leave(framing, EVENTS, tmp_path, missing=MISSING)
    again = await replay(cassette)
    assert cassette.ending is Ending.CLIENT_LEFT
    assert cassette.body == again.body == b"".join(EVENTS)
    assert again.fate == CUT[framing]


@pytest.mark.parametrize("how", [Peer.close, Peer.reset], ids=["fin", "rst"])
async def test_a_client_that_leaves_a_busy_stream_stops_its_upstream(
    how: Callable[[Peer], None], tmp_path: Path
) -> None:
    gone = Turns()
    event = b"data: %b\n\n" % (10_000 * b"x")

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.CHUNKED, 0))
        with contextlib.suppress(ConnectionError):
            while True:
                await peer.send(framed(Framing.CHUNKED, event))
        gone.give()

    got = Response(request())
    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(request())
            while len(got.body) < 5 * len(event):
                got.feed(await peer.read())
            how(peer)
            await gone.wait()
        cassette = only_cassette(tmp_path)
    again = await replay(cassette)
    assert cassette.ending is Ending.CLIENT_LEFT
    assert cassette.body.startswith(got.body)
    assert again.body == cassette.body
    assert again.fate == "cut"


async def test_a_client_that_leaves_before_the_head_closes_its_request_upstream(tmp_path: Path) -> None:
    asked = Turns()
    gone = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.give()
        await peer.rest()
        gone.give()

    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(request())
            await asked.wait()
            peer.close()
            await gone.wait()
        cassette = only_cassette(tmp_path)
    again = await replay(cassette)
    assert cassette.ending is Ending.CLIENT_LEFT
    assert cassette.response is None
    assert (again.raw, again.how) == (b"", "eof")


LAST_EVENTS = {
    "deployed": b'message:\ndata:{"event":"end","data":"[DONE]"}\n\n',
    "documented": b"event: end\ndata: [DONE]\n\n",
    "named alone": b"event: end\ndata\n\n",
    "CRLF": b"event: end\r\ndata: [DONE]\r\n\r\n",
    "bare": b"data: [DONE]\n\n",
    "message_stop": b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    "with a heartbeat behind it": b"event: end\ndata: [DONE]\n\n:heartbeat\n\n",
}


def cuts(event: bytes) -> dict[str, list[bytes]]:
    """The event in one read, and split over two in awkward places."""
    places = {"in the middle": len(event) // 2, "before its blank line": -1, "behind a byte": 1}
    return {"at once": [event]} | {where: [event[:at], event[at:]] for where, at in places.items()}


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
@pytest.mark.parametrize("cut", cuts(b"--"))
@pytest.mark.parametrize("dialect", LAST_EVENTS)
async def test_a_client_that_leaves_at_the_last_event_has_had_the_whole_stream(
    dialect: str, cut: str, framing: Framing, tmp_path: Path
) -> None:
    pieces = [*EVENTS, *cuts(LAST_EVENTS[dialect])[cut]]
    cassette = await leave(framing, pieces, tmp_path, missing=0)
    again = await replay(cassette)
    assert cassette.end is not None
    assert cassette.end.reason is Ending.CLEAN
    assert cassette.end.client_left
    assert cassette.body == again.body == b"".join(pieces)
    assert again.fate == "whole"


NOT_LAST = {
    "the last event without its blank line": b"event: end\ndata: [DONE]\n",
    "a token whose text is the last event's": b'message:\ndata:{"event":"token","data":"[DONE]"}\n\n',
    "a documented token whose text is the last event's": b"event: token\ndata: [DONE]\n\n",
    "a documented token whose text is an envelope": b'event: token\ndata: {"event":"end"}\n\n',
    "an end that no listener sees": b"event: end\n\n",
    "an event behind the last": b"event: end\ndata: [DONE]\n\nevent: token\ndata: Hi\n\n",
}


@pytest.mark.parametrize("piece", NOT_LAST.values(), ids=NOT_LAST.keys())
async def test_a_client_that_leaves_at_what_only_looks_like_the_last_event_misses_some(
    piece: bytes, tmp_path: Path
) -> None:
    cassette = await leave(Framing.CHUNKED, [*EVENTS, piece], tmp_path, missing=0)
    again = await replay(cassette)
    assert cassette.ending is Ending.CLIENT_LEFT
    assert again.fate == "cut"


async def test_a_client_that_leaves_before_the_length_is_reached_is_never_replayed_as_a_whole(
    tmp_path: Path,
) -> None:
    """Whatever its last event was: a replay has no more to send, and must not keep its client waiting."""
    pieces = [*EVENTS, LAST_EVENTS["documented"]]
    cassette = await leave(Framing.LENGTH, pieces, tmp_path, missing=MISSING)
    stays = request().replace(b"Connection: close\r\n", b"")
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, stays)
    assert again.body == b"".join(pieces)
    assert again.fate == "cut"


@every_framing
async def test_a_stopped_proxy_breaks_its_streams_off_and_so_do_their_replays(
    framing: Framing, tmp_path: Path
) -> None:
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, framing, EVENTS, turns, missing=MISSING)
        await peer.rest()

    first = Response(request())
    async with contextlib.AsyncExitStack() as outlives:
        async with recorded(script, tmp_path) as proxy:
            peer = await outlives.enter_async_context(client(proxy.url))
            await peer.send(request())
            await read_in_lockstep(peer, first, EVENTS, turns)
        await finish(peer, first)
    cassette = only_cassette(tmp_path)
    again = await replay(cassette)
    assert cassette.ending is Ending.PROXY_STOPPED
    assert first.body == b"".join(EVENTS)
    assert first.fate == CUT[framing]
    assert (again.raw, again.how) == (first.raw, first.how)


async def test_a_proxy_that_is_stopped_before_the_head_says_so(tmp_path: Path) -> None:
    asked = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.give()
        await peer.rest()

    first = Response(request())
    async with contextlib.AsyncExitStack() as outlives:
        async with recorded(script, tmp_path) as proxy:
            peer = await outlives.enter_async_context(client(proxy.url))
            await peer.send(request())
            await asked.wait()
        await finish(peer, first)
    cassette = only_cassette(tmp_path)
    again = await replay(cassette)
    assert cassette.ending is Ending.PROXY_STOPPED
    assert (first.status, first.body) == (503, b"sseproxy: the recording proxy was stopped\n")
    assert (again.raw, again.how) == (first.raw, first.how)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
async def test_a_proxy_that_is_stopped_while_it_connects_says_so_too(tmp_path: Path) -> None:
    first = Response(request())
    async with contextlib.AsyncExitStack() as outlives:
        url = outlives.enter_context(silent_host())
        options = Options(upstreams=(url,), cassettes=tmp_path, port=0, connect_timeout=600.0)
        proxy = Proxy(options, SystemClock())
        peer = await outlives.enter_async_context(client((await proxy.start()).url))
        await peer.send(request())
        await eventually(lambda: proxy.open_streams == 1)
        await proxy.stop(grace=0)
        await finish(peer, first)
    cassette = only_cassette(tmp_path)
    assert cassette.ending is Ending.PROXY_STOPPED
    assert cassette.request
    assert cassette.request.complete
    assert request().endswith(cassette.request.body)
    assert (first.status, first.body) == (503, b"sseproxy: the recording proxy was stopped\n")


@every_framing
async def test_what_a_recorder_that_died_leaves_is_replayed_and_broken_off(
    framing: Framing, tmp_path: Path
) -> None:
    turns = Turns()
    live, dead = tmp_path / "live", tmp_path / "dead"

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, framing, EVENTS, turns, missing=MISSING)
        await peer.rest()

    async with recorded(script, live) as proxy, client(proxy.url) as peer:
        await peer.send(request())
        await read_in_lockstep(peer, Response(request()), EVENTS, turns)
        shutil.copytree(live, dead)
    cassette = only_cassette(dead)
    again = await replay(cassette)
    assert cassette.ending is Ending.INCOMPLETE
    assert cassette.body == again.body == b"".join(EVENTS)
    assert again.fate == CUT[framing]
