"""Each way in which an upstream's response ends: what the client sees, what is kept, what a replay does."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from sseproxy.exchange import Ending, Framing
from tests.e2e.streams import EVENTS, LAST_CHUNK, framed, head, read_in_lockstep, request, send_in_lockstep
from tests.support.net import (
    Peer,
    Turns,
    ask,
    client,
    fetch,
    fetch_slowly,
    finish,
    only_cassette,
    recorded,
    recorder,
    replayer,
    silent_host,
)
from tests.support.wire import Fate, Response

Then = Literal["fin", "rst", "hang"]
"""What the upstream does at last."""
VERSIONS = ("1.1", "1.0")
SILENCE = 0.2
"""The silence, in seconds, that is taken from an upstream that hangs."""
THIRD = b"data: three\n\n"
LAST_TWO = framed(Framing.CHUNKED, THIRD) + LAST_CHUNK

CHUNKED, LENGTH, CLOSE = Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE


async def end(peer: Peer, then: Then) -> None:
    match then:
        case "fin":
            peer.close()
        case "rst":
            peer.reset()
        case "hang":
            await peer.rest()


@dataclass(frozen=True, slots=True)
class Cause:
    """How an upstream ends a response whose first two events the client already has."""

    name: str
    framing: Framing
    sends: bytes
    then: Then
    reason: Ending
    fate: Fate
    """For an HTTP/1.1 client."""
    content: bytes = b""
    """What of `sends` is body."""

    def fate_for(self, version: str) -> Fate:
        """An HTTP/1.0 client has a chunked body without its chunks: a reset alone tells that it was cut."""
        return "reset" if version == "1.0" and self.framing is CHUNKED and self.fate == "cut" else self.fate


# fmt: off
CAUSES = [
    Cause("chunked, whole", CHUNKED, LAST_TWO, "fin", Ending.CLEAN, "whole", THIRD),
    Cause("chunked, last chunk alone", CHUNKED, LAST_CHUNK, "fin", Ending.CLEAN, "whole"),
    Cause("chunked, whole, connection left open", CHUNKED, LAST_CHUNK, "hang", Ending.CLEAN, "whole"),
    Cause("chunked, whole, then a reset", CHUNKED, LAST_CHUNK, "rst", Ending.CLEAN, "whole"),
    Cause("chunked, whole, with a trailer", CHUNKED, b"0\r\nX-Sum: 2\r\n\r\n", "fin", Ending.CLEAN, "whole"),
    Cause("length, whole", LENGTH, THIRD, "fin", Ending.CLEAN, "whole", THIRD),
    Cause("length, whole, connection left open", LENGTH, THIRD, "hang", Ending.CLEAN, "whole", THIRD),
    Cause("close, closed", CLOSE, b"", "fin", Ending.EOF_UNFRAMED, "whole"),
    Cause("close, closed after more", CLOSE, THIRD, "fin", Ending.EOF_UNFRAMED, "whole", THIRD),

    Cause("chunked, no last chunk", CHUNKED, b"", "fin", Ending.TRUNCATED, "cut"),
    Cause("chunked, last chunk torn", CHUNKED, b"0\r\n", "fin", Ending.TRUNCATED, "cut"),
    Cause("chunked, trailers torn", CHUNKED, b"0\r\nX-Sum: 2\r\n", "fin", Ending.TRUNCATED, "cut"),
    Cause("chunked, chunk size torn", CHUNKED, b"1", "fin", Ending.TRUNCATED, "cut"),
    Cause("chunked, chunk torn", CHUNKED, b"d\r\ndata: th", "fin", Ending.TRUNCATED, "cut", b"data: th"),
    Cause("chunked, chunk not closed", CHUNKED, b"d\r\n" + THIRD, "fin", Ending.TRUNCATED, "cut", THIRD),
    Cause("length, torn", LENGTH, b"data: th", "fin", Ending.TRUNCATED, "cut", b"data: th"),
    Cause("length, nothing more", LENGTH, b"", "fin", Ending.TRUNCATED, "cut"),

    Cause("chunked, reset", CHUNKED, b"", "rst", Ending.UPSTREAM_RESET, "reset"),
    Cause("chunked, reset in a chunk", CHUNKED, b"d\r\nda", "rst", Ending.UPSTREAM_RESET, "reset", b"da"),
    Cause("length, reset", LENGTH, b"", "rst", Ending.UPSTREAM_RESET, "reset"),
    Cause("close, reset", CLOSE, b"", "rst", Ending.UPSTREAM_RESET, "reset"),
    Cause("close, reset after more", CLOSE, THIRD, "rst", Ending.UPSTREAM_RESET, "reset", THIRD),

    Cause("chunked, silence", CHUNKED, b"", "hang", Ending.UPSTREAM_TIMEOUT, "cut"),
    Cause("length, silence", LENGTH, b"", "hang", Ending.UPSTREAM_TIMEOUT, "cut"),
    Cause("close, silence", CLOSE, b"", "hang", Ending.UPSTREAM_TIMEOUT, "reset"),

    Cause("malformed chunk size", CHUNKED, b"zz\r\n", "hang", Ending.ERROR, "cut"),
    Cause("malformed chunk end", CHUNKED, b"2\r\nabc\r\n", "hang", Ending.ERROR, "cut", b"ab"),
]
# fmt: on
SAID = {
    Ending.TRUNCATED: "closed the connection in the middle of the body",
    Ending.UPSTREAM_RESET: "broke the connection",
    Ending.UPSTREAM_TIMEOUT: "silent for 0.2 s",
    Ending.ERROR: "a malformed body",
}
"""A part of what the cassette says of it."""


async def test_bytes_that_came_while_we_were_asleep_are_no_silence(tmp_path: Path) -> None:
    """As a laptop that wakes up: the time is over, and what has come is yet to be read."""
    awake = threading.Event()
    went_on = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(head(CHUNKED, 0) + framed(CHUNKED, EVENTS[0]))
            awake.wait()
            connection.sendall(framed(CHUNKED, EVENTS[1]) + LAST_CHUNK)
            went_on.set()

    def sleep() -> None:
        """In the event loop's own callback, so that its timers are due before it looks at sockets again."""
        loop.remove_reader(alarm)
        over = time.monotonic() + 2 * SILENCE
        awake.set()
        went_on.wait()
        while time.monotonic() < over:
            pass

    loop = asyncio.get_running_loop()
    alarm, ring = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads, alarm, ring:
        loop.add_reader(alarm, sleep)
        serving = threads.submit(serve)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with recorder(url, tmp_path, idle_timeout=SILENCE) as proxy, client(proxy.url) as peer:
            await peer.send(request("1.1"))
            response = Response(request("1.1"))
            while not response.body:
                response.feed(await peer.read())
            ring.send(b"x")
            await finish(peer, response)
        serving.result()
    assert response.body == b"".join(EVENTS)
    assert only_cassette(tmp_path).ending is Ending.CLEAN


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
async def test_an_ending_is_told_kept_and_replayed(cause: Cause, version: str, tmp_path: Path) -> None:
    turns = Turns()
    gone = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, cause.framing, EVENTS, turns, missing=len(THIRD))
        await peer.send(cause.sends)
        await end(peer, cause.then)
        gone.give()

    first = Response(request(version))
    options = {"idle_timeout": SILENCE} if cause.reason is Ending.UPSTREAM_TIMEOUT else {}
    async with recorded(script, tmp_path, **options) as proxy, client(proxy.url) as peer:
        await peer.send(request(version))
        await read_in_lockstep(peer, first, EVENTS, turns)
        await finish(peer, first)
        # Now, and not when the proxy has ended: all is on disk when the client has the end.
        cassette = only_cassette(tmp_path)
        await gone.wait()

    assert first.body == b"".join([*EVENTS, cause.content])
    assert first.fate == cause.fate_for(version)
    assert (first.chunks is not None) == (cause.framing is CHUNKED and version == "1.1")
    assert cassette.ending is cause.reason
    assert cassette.end is not None
    assert cassette.end.bytes == len(first.body)
    assert SAID.get(cause.reason, "") in cassette.end.detail
    assert cassette.body == first.body
    for other in VERSIONS:
        async with replayer([cassette]) as mock:
            again = await fetch(mock.url, request(other))
        assert again.body == first.body
        assert again.fate == cause.fate_for(other)
        if other == version:
            assert again.raw == first.raw


async def test_trailers_reach_the_client_and_the_cassette_and_are_replayed(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(CHUNKED, 0) + framed(CHUNKED, THIRD) + b"0\r\nX-Sum: 1\r\n\r\n")

    async with recorded(script, tmp_path) as proxy:
        first = await fetch(proxy.url, request())
    cassette = only_cassette(tmp_path)
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, request())
    assert cassette.end is not None
    assert cassette.end.trailers == ((b"X-Sum", b"1"),)
    for response in (first, again):
        assert response.dechunker
        assert response.dechunker.trailers == [b"X-Sum: 1"]


@pytest.mark.parametrize("size", [200_000, 3_000_000], ids=["in the buffers", "above the buffers"])
@pytest.mark.parametrize(("version", "fate"), [("1.1", "cut"), ("1.0", "reset")])
async def test_a_slow_client_gets_all_that_came_before_the_end(
    version: str, fate: Fate, size: int, tmp_path: Path
) -> None:
    """A reset destroys what still waits to be fetched, unless it is sent late enough."""
    begun = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(CHUNKED, 0))
        begun.give()
        for _ in range(size // 10_000):
            await peer.send(framed(CHUNKED, b"data: %b\n\n" % (9_992 * b"x")))

    async with recorded(script, tmp_path) as proxy:
        first = await fetch_slowly(proxy.url, request(version), begun.wait())
    cassette = only_cassette(tmp_path)
    begun.give()
    async with replayer([cassette]) as mock:
        again = await fetch_slowly(mock.url, request(version), begun.wait())
    assert cassette.ending is Ending.TRUNCATED
    assert len(first.body) == size
    assert first.fate == fate
    assert again.body == first.body == cassette.body
    assert again.fate == fate


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an upstream does in place of an answer."""

    name: str
    sends: bytes
    then: Then
    reason: Ending
    sentence: str
    """A part of it."""


OK = b"HTTP/1.1 200 OK\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"


# fmt: off
REFUSALS = [
    Refusal("closes", b"", "fin", Ending.TRUNCATED, "closed the connection before it answered"),
    Refusal("closes in the head", OK, "fin", Ending.TRUNCATED, "closed the connection before it answered"),
    Refusal("resets", b"", "rst", Ending.UPSTREAM_RESET, "broke the connection"),
    Refusal("resets in the head", OK, "rst", Ending.UPSTREAM_RESET, "broke the connection"),
    Refusal("hangs", b"", "hang", Ending.UPSTREAM_TIMEOUT, "silent for 0.2 s"),
    Refusal("hangs in the head", OK, "hang", Ending.UPSTREAM_TIMEOUT, "silent for 0.2 s"),
    Refusal("is no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n", "hang", Ending.ERROR, "no HTTP response"),
    Refusal("has a malformed head", OK + b"no colon\r\n\r\n", "hang", Ending.ERROR, "no HTTP response"),
    Refusal("has an endless head", OK + b"X: " + 70_000 * b"x", "hang", Ending.ERROR, "over 65536 bytes"),
    Refusal("switches protocols", SWITCH, "hang", Ending.ERROR, "switched protocols"),
]
# fmt: on


async def check_own_answer(first: Response, reason: Ending, said: str, folder: Path) -> None:
    """The client was told why in one sentence, the cassette has the sentence, and a replay says it again."""
    cassette = only_cassette(folder)
    assert cassette.response is None
    assert cassette.end is not None
    assert cassette.end.reason is reason
    assert said in cassette.end.detail
    assert first.fate == "whole"
    assert first.status == (504 if reason is Ending.UPSTREAM_TIMEOUT else 502)
    assert first.body.decode() == f"sseproxy: {cassette.end.detail}\n"
    async with replayer([cassette]) as mock:
        assert await ask(mock.url, request()) == (first.raw, "eof")


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
async def test_an_upstream_that_gives_no_head_is_explained(refusal: Refusal, tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(refusal.sends)
        await end(peer, refusal.then)

    options = {"idle_timeout": SILENCE} if refusal.reason is Ending.UPSTREAM_TIMEOUT else {}
    async with recorded(script, tmp_path, **options) as proxy:
        first = await fetch(proxy.url, request())
    await check_own_answer(first, refusal.reason, refusal.sentence, tmp_path)


async def test_an_upstream_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        async with recorder(f"http://127.0.0.1:{port}", tmp_path) as proxy:
            first = await fetch(proxy.url, request())
    sentence = f"can't connect to 127.0.0.1:{port}: connection refused"
    await check_own_answer(first, Ending.CONNECT_FAILED, sentence, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
async def test_an_upstream_that_takes_no_connection_in_time_is_explained(tmp_path: Path) -> None:
    with silent_host() as url:
        async with recorder(url, tmp_path, connect_timeout=SILENCE) as proxy:
            first = await fetch(proxy.url, request())
    sentence = f"no connection to {url.removeprefix('http://')} within 0.2 s"
    await check_own_answer(first, Ending.UPSTREAM_TIMEOUT, sentence, tmp_path)
