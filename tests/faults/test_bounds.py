"""What may grow and what may not: memory, waiting bytes, recorded bytes, streams, heads."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sseproxy.exchange import Ending, Framing
from sseproxy.server import WAITING_LIMIT
from tests.e2e.streams import (
    EVENTS,
    FRAMED,
    LAST_CHUNK,
    framed,
    head,
    read_in_lockstep,
    request,
    send_in_lockstep,
)
from tests.faults.support import MIB, comes_true, get, program, recordings, until, until_it_stands
from tests.support.disk import content, only_file
from tests.support.net import (
    PATIENCE,
    Peer,
    Turns,
    client,
    fetch,
    finish,
    only_cassette,
    recorded,
    replayer,
    upstream,
)
from tests.support.wire import Fate, Response

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

FLAT = 64 * MIB
"""What a process may grow by, however much is offered to it."""
IN_FLIGHT = 48 * MIB
"""More than all buffers between two ends can hold: those of the kernel, twice, and ours."""
SIZES = [pytest.param(128, id="128 MiB"), pytest.param(1024, id="1 GiB", marks=pytest.mark.soak)]
EVENT = b"data: %b\n\n" % (b"0123456789abcdef" * 4096)[:-8]
"""64 KiB."""


class Flood:
    """Sends so many MiB of events, with a length."""

    def __init__(self, size: int) -> None:
        self.left = size * MIB // len(EVENT)
        self.length = self.left * len(EVENT)
        self.sent = 0

    def head(self) -> bytes:
        return head(Framing.LENGTH, self.length)

    def digest(self) -> bytes:
        whole = hashlib.sha256()
        for _ in range(self.left):
            whole.update(EVENT)
        return whole.digest()

    async def send(self, peer: Peer) -> None:
        for _ in range(self.left):
            await peer.send(EVENT)
            self.sent += len(EVENT)


class Gathered:
    """A body that is too large to keep."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        self._digest.update(data)

    def digest(self) -> bytes:
        return self._digest.digest()


@contextlib.asynccontextmanager
async def stalled_client(url: str) -> AsyncIterator[socket.socket]:
    """Has a small window, and reads only when it is read."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        parts = urlsplit(url)
        await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
        yield sock


async def read_all(sock: socket.socket, gathered: Gathered) -> bytes:
    """The head; the rest goes to `gathered`."""
    loop = asyncio.get_running_loop()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MIB)
    top = b""
    while True:
        async with asyncio.timeout(PATIENCE):
            data = await loop.sock_recv(sock, MIB)
        if not data:
            return top
        if b"\r\n\r\n" not in top:
            top += data
            top, blank, data = top.partition(b"\r\n\r\n")
            top += blank
        gathered.feed(data)


@needs_proc
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
async def test_a_client_that_does_not_read_slows_its_upstream_and_not_the_memory(
    size: int, tmp_path: Path
) -> None:
    flood = Flood(size)

    async def script(peer: Peer) -> None:
        asked = await peer.request()
        if b"/small" in asked:
            await peer.send(head(Framing.LENGTH, 0))
            return
        await peer.send(flood.head())
        await flood.send(peer)

    got = Gathered()
    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", tmp_path) as proxy,
    ):
        await fetch(proxy.url, get("/small"))
        before = proxy.memory("VmRSS")
        async with stalled_client(proxy.url) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, request())
            await until_it_stands(lambda: flood.sent, proxy.turn)
            assert 0 < flood.sent < IN_FLIGHT
            assert (await fetch(proxy.url, get("/small"))).status == 200
            await read_all(sock, got)
        assert (got.size, got.digest()) == (flood.length, flood.digest())
        assert proxy.memory("VmHWM") - before < FLAT
        assert await proxy.stop() == 0
    assert [json.loads(tail_line(path))["reason"] for path in recordings(tmp_path)] == 3 * ["clean"]


def tail_line(cassette: Path) -> bytes:
    """The last line, of a file that is too large to read."""
    with cassette.open("rb") as file:
        file.seek(max(0, cassette.stat().st_size - 4096))
        return file.read().splitlines()[-1]


@needs_proc
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
async def test_an_upstream_that_does_not_read_slows_its_client_and_not_the_memory(
    size: int, tmp_path: Path
) -> None:
    flood = Flood(size)
    may_read = Turns()
    got = Gathered()

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await may_read.wait()
        while got.size < flood.length:
            got.feed(await peer.read())
        await peer.send(head(Framing.LENGTH, 0))

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", tmp_path) as proxy,
    ):
        before = proxy.memory("VmRSS")
        async with client(proxy.url) as peer, asyncio.TaskGroup() as group:
            await peer.send(get("/").replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % flood.length))
            group.create_task(flood.send(peer))
            await until_it_stands(lambda: flood.sent, proxy.turn)
            assert 0 < flood.sent < IN_FLIGHT
            may_read.give()
            answer = await finish(peer, Response(b""))
        assert (got.size, got.digest()) == (flood.length, flood.digest())
        assert answer.fate == "whole"
        assert proxy.memory("VmHWM") - before < FLAT
        assert await proxy.stop() == 0
    (cassette,) = recordings(tmp_path)
    assert json.loads(tail_line(cassette))["reason"] == "clean"


def kernel_queue(port: int) -> int:
    """Bytes on their way between a server's port and its one client, neither sent nor read yet."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    mine = f":{port:04X}"
    both = [row for row in rows if row[3] == "01" and (row[1].endswith(mine) or row[2].endswith(mine))]
    assert len(both) == 2
    server, far = sorted(both, key=lambda row: not row[1].endswith(mine))
    return int(server[4].partition(":")[0], 16) + int(far[4].partition(":")[2], 16)


@needs_proc
async def test_arrivals_are_stamped_one_by_one_while_less_than_the_limit_waits_for_the_client(
    tmp_path: Path,
) -> None:
    """The upstream sends an event when the one before is on disk, till no more is taken from it."""
    event = b"data: %b\n\n" % (16_376 * b"x")
    go_on = Turns()
    events: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.LENGTH, 2**40))
        while True:
            await go_on.wait()
            await peer.send(event)

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", tmp_path) as proxy,
        stalled_client(proxy.url) as sock,
    ):
        await asyncio.get_running_loop().sock_sendall(sock, request())
        await until(lambda: bool(recordings(tmp_path)), proxy.turn)
        disk = only_file(tmp_path)

        def stored() -> int:
            disk.look()
            return len(disk.body)

        while await comes_true(lambda: stored() == len(events) * len(event), proxy.turn):
            go_on.give()
            events.append(event)
        waiting = len(head_in(sock)) + stored() - kernel_queue(urlsplit(proxy.url).port or 0)
    assert WAITING_LIMIT - len(event) < waiting <= WAITING_LIMIT + len(event)
    sizes = [len(content(record)) for record in disk.records if record["k"] == "data"]
    assert sizes == len(sizes) * [len(event)]


def head_in(sock: socket.socket) -> bytes:
    """The head of the response that nobody has read."""
    return b"".join(sock.recv(4096, socket.MSG_PEEK).partition(b"\r\n\r\n")[:2])


def large_cassette(arrivals: int) -> bytes:
    """Written as the format's description has it, without any code of the package."""
    known = {"format": "sse-cassette", "version": 1, "id": "1", "by": "x", "session": "1", "session_t": 0}
    head = {"k": "head", **known, "wall": "2026-01-01T00:00:00.000000Z", "upstream": "http://localhost"}
    asked = {"k": "request", "t": 0, "method": "GET", "target": "/large", "version": "1.1", "headers": []}
    fields = [["Content-Type", "text/event-stream"], ["Content-Length", str(arrivals * len(EVENT))]]
    answered = {"k": "response", "t": 0, "status": 200, "reason": "OK", "version": "1.1", "headers": fields}
    lines = [
        head,
        {**asked, "body": {"text": "", "bytes": 0}},
        {**answered, "framing": "length"},
        *(arrivals * [{"k": "data", "t": 0, "text": EVENT.decode()}]),
        {"k": "end", "t": 0, "reason": "clean", "bytes": arrivals * len(EVENT)},
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@needs_proc
async def test_clients_that_do_not_read_a_large_replay_cost_no_memory_and_hold_nobody_up(
    tmp_path: Path,
) -> None:
    arrivals, clients = 20 * MIB // len(EVENT), 4
    assert clients * arrivals * len(EVENT) > 1.2 * FLAT
    (tmp_path / "large.sse.jsonl").write_bytes(large_cassette(arrivals))
    async with program("replay", "--cassettes", tmp_path, "--speed", "max") as mock:
        assert (await fetch(mock.url, get("/large"))).fate == "whole"  # it is read from disk once, for all
        before = mock.memory("VmRSS")
        async with contextlib.AsyncExitStack() as stack:
            stalled = [await stack.enter_async_context(stalled_client(mock.url)) for _ in range(clients)]
            for sock in stalled:
                await asyncio.get_running_loop().sock_sendall(sock, get("/large"))
            # To the MiB: the turns' own garbage, a few KiB each, is not collected while streams are open.
            await until_it_stands(lambda: mock.memory("VmRSS") // MIB, mock.turn)
            assert mock.memory("VmRSS") - before < FLAT
            got = [Gathered() for _ in stalled]
            await asyncio.gather(*map(read_all, stalled, got))
        assert [each.size for each in got] == clients * [arrivals * len(EVENT)]
        assert len({each.digest() for each in got}) == 1
        assert mock.memory("VmRSS") - before < FLAT
        assert await mock.stop() == 0


# What is recorded of a body.


@pytest.mark.parametrize("limit", [0, 5, len(EVENTS[0]), len(EVENTS[0]) + 1])
@pytest.mark.parametrize("framing", FRAMED)
async def test_a_body_over_the_limit_is_passed_on_whole_and_its_replay_breaks_off_where_the_cassette_does(
    framing: Framing, limit: int, tmp_path: Path
) -> None:
    """Arrivals are kept whole or not at all, and none behind the first that is not."""
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, framing, EVENTS, turns)
        if framing is Framing.CHUNKED:
            await peer.send(LAST_CHUNK)

    first = Response(request())
    async with recorded(script, tmp_path, max_body=limit) as proxy, client(proxy.url) as peer:
        await peer.send(request())
        await read_in_lockstep(peer, first, EVENTS, turns)
        await finish(peer, first)
    kept = EVENTS[0] if limit >= len(EVENTS[0]) else b""
    cassette = only_cassette(tmp_path)
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, request())
    assert (first.body, first.fate) == (b"".join(EVENTS), "whole")
    assert cassette.ending is Ending.LIMIT
    assert cassette.body == again.body == kept
    assert cassette.end
    whole = len(first.body)
    assert cassette.end.detail == f"the cassette holds the first {len(kept)} of {whole} body bytes"
    assert again.fate == ("reset" if framing is Framing.CLOSE else "cut")


async def test_a_body_of_exactly_the_limit_is_recorded_whole(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.LENGTH, len(EVENTS[0])) + EVENTS[0])

    async with recorded(script, tmp_path, max_body=len(EVENTS[0])) as proxy:
        await fetch(proxy.url, request())
    assert only_cassette(tmp_path).ending is Ending.CLEAN
    assert only_cassette(tmp_path).body == EVENTS[0]


async def test_a_cut_stream_over_the_limit_is_still_called_cut(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.LENGTH, 1000) + EVENTS[0])

    async with recorded(script, tmp_path, max_body=0) as proxy:
        await fetch(proxy.url, request())
    assert only_cassette(tmp_path).ending is Ending.TRUNCATED


async def test_more_streams_than_are_allowed_get_503_until_one_has_ended(tmp_path: Path) -> None:
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, Framing.CHUNKED, EVENTS, turns)
        await peer.send(LAST_CHUNK)

    async def begin(url: str, stack: contextlib.AsyncExitStack) -> tuple[Peer, Response]:
        peer = await stack.enter_async_context(client(url))
        got = Response(request())
        await peer.send(request())
        while got.body != EVENTS[0]:
            got.feed(await peer.read())
        return peer, got

    async with recorded(script, tmp_path, max_streams=2) as proxy, contextlib.AsyncExitStack() as stack:
        open_ = [await begin(proxy.url, stack) for _ in range(2)]
        refused = await fetch(proxy.url, request())
        for _ in range(4):
            turns.give()
        ended = [await finish(*each) for each in open_]
        turns.give()
        turns.give()
        third = await fetch(proxy.url, request())
    assert (refused.status, refused.fate) == (503, "whole")
    assert b"--max-streams" in refused.body
    assert [each.fate for each in [*ended, third]] == 3 * ["whole"]
    assert len(recordings(tmp_path)) == 3  # what was refused is no exchange


# An upstream that is read to its end though the client left.


@dataclass(frozen=True, slots=True)
class Drained:
    name: str
    last: bytes
    """What the upstream sends at last, when the client has gone."""
    ending: Ending
    fate: Fate
    """Of the replay."""


DRAINED = [
    Drained("whole", framed(Framing.CHUNKED, EVENTS[1]) + LAST_CHUNK, Ending.CLEAN, "whole"),
    Drained("cut", framed(Framing.CHUNKED, EVENTS[1]), Ending.TRUNCATED, "cut"),
]


@pytest.mark.parametrize("rest", DRAINED, ids=lambda rest: rest.name)
@pytest.mark.parametrize("behind", [0, 4], ids=["a client that keeps up", "a client that is slow"])
async def test_a_drained_upstream_is_recorded_to_its_end_though_the_client_left(
    behind: int, rest: Drained, tmp_path: Path
) -> None:
    """`behind`: MiB that the client had not read when it left."""
    unread = behind * MIB // len(EVENT) * framed(Framing.CHUNKED, EVENT)
    gone, over = Turns(), Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, EVENTS[0]))
        gone.give()
        await peer.send(unread)
        await left.wait()
        await peer.send(rest.last)
        peer.writer.write_eof()
        await peer.rest()
        over.give()

    left = Turns()
    got = Response(request())
    async with recorded(script, tmp_path, drain=True) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(request())
            await gone.wait()
            while not got.body:
                got.feed(await peer.read(256))
            peer.reset()
        # By the time that it has refused this, the proxy has noticed.
        assert (await fetch(proxy.url, b"GET / HTTP/1.1\r\n\r\n")).status == 400
        left.give()
        await over.wait()
    cassette = only_cassette(tmp_path)
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, request())
    assert cassette.end
    assert (cassette.end.reason, cassette.end.client_left) == (rest.ending, True)
    assert cassette.body == EVENTS[0] + behind * MIB // len(EVENT) * EVENT + EVENTS[1]
    assert (again.body, again.fate) == (cassette.body, rest.fate)


# Heads.


def long_head(size: int) -> bytes:
    """A whole response, the head of which has this size."""
    start, end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ", b"\r\n\r\n"
    return start + (size - len(start) - len(end)) * b"x" + end


def many_fields(size: int) -> bytes:
    start, field = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", b"X: 1\r\n"
    return start + (size - len(start) - 2) // len(field) * field + b"\r\n"


@pytest.mark.parametrize("make", [long_head, many_fields])
@pytest.mark.parametrize("together", [True, False], ids=["at once", "in pieces"])
@pytest.mark.parametrize(("size", "status"), [(60_000, 200), (70_000, 502), (300_000, 502)])
async def test_a_response_has_a_head_of_64_kib_at_most(
    size: int, status: int, together: bool, make: Callable[[int], bytes], tmp_path: Path
) -> None:
    whole = make(size)

    async def script(peer: Peer) -> None:
        await peer.request()
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(whole), len(whole) if together else 1000):
                await peer.send(whole[start : start + (len(whole) if together else 1000)])
                await asyncio.sleep(0)

    async with recorded(script, tmp_path) as proxy:
        got = await fetch(proxy.url, request())
    assert got.status == status
    assert got.fate == "whole"
    assert only_cassette(tmp_path).ending is (Ending.CLEAN if status == 200 else Ending.ERROR)
    if status == 502:
        assert b"are over 65536 bytes" in got.body
