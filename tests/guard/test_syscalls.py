"""What a read costs the recorder, and an event the replay, in system calls: seconds tell of the neighbours.

Upstream and client go in lockstep, so that each read is one, and the counts the same everywhere.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sseproxy.cassette import encode
from sseproxy.exchange import Framing
from tests.core import build
from tests.e2e.streams import BODY, LAST_CHUNK, TARGET, read_in_lockstep, request, send_in_lockstep
from tests.support.net import Peer, Turns, client, eventually, upstream
from tests.support.process import server
from tests.support.wire import Response

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="system calls are counted by strace"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

READS = 300
WARM_UP = 20
"""Reads at either end that are not counted: connections, heads and files belong to the stream."""
WAKE, TAKE, KEEP, GIVE = 1, 1, 1, 1
"""The event loop wakes, takes the read, writes it to the cassette, gives it to the client."""
SET = 1
"""The timer of a replay is set again when it has rung: shortly before an event, and then for it."""
GAP = 2_000
"""Microseconds between two events of a replay."""
ROOM = 0.25
"""Calls per read that the surroundings may add, such as a timer now and then."""
MEMORY = ("brk", "madvise", "mmap", "mremap", "munmap")
"""Not counted: when the allocator asks for memory depends on what happens to lie where on the heap."""


def read_number(number: int, events: int) -> bytes:
    """A read of so many events that can be told from others in the first bytes."""
    event = b'data: {"event":"token","data":" and so on"}\n\n'
    return b"id: %06d\n" % number + event * events


def counted(log: str) -> Counter[str]:
    """The system calls by name, from the first read that counts to the last."""
    begin, end = (f"id: {number:06}\\n" for number in (WARM_UP, READS - WARM_UP))
    lines = log.splitlines()
    first = next(at for at, line in enumerate(lines) if begin in line)
    last = next(at for at, line in enumerate(lines) if end in line)
    # A call that another thread interrupts has two lines, the second of which says so.
    names = (re.match(r"\d+ +(\w+)\(", line) for line in lines[first:last])
    return Counter(name[1] for name in names if name and name[1] not in MEMORY)


async def per_read(folder: Path, events: int, *options: str) -> dict[str, float]:
    """The system calls of a recorder for each read of so many events."""
    pieces = [read_number(number, events) for number in range(READS)]
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await send_in_lockstep(peer, Framing.CHUNKED, pieces, turns)
        await peer.send(LAST_CHUNK)

    arguments: tuple[str | Path, ...] = ("record", "--cassettes", folder / "cassettes", *options)
    async with (
        upstream(script) as url,
        traced(folder, *arguments, "--upstream", url) as (proxy, calls),
        client(proxy) as peer,
    ):
        await peer.send(request())
        response = Response(request())
        await read_in_lockstep(peer, response, pieces, turns)
        response.feed((await peer.rest())[0])
        assert response.body == b"".join(pieces)
    return calls


@contextlib.asynccontextmanager
async def traced(folder: Path, *arguments: str | Path) -> AsyncIterator[tuple[str, dict[str, float]]]:
    """A server under strace: its URL, and its calls for each read, known when it has stopped."""
    log = folder / "strace"
    # -D: what we start, and end, is the server itself and not strace.
    trace = ("strace", "-D", "-f", "-q", "-s", "64", "-o", str(log))
    calls: dict[str, float] = {}
    async with server(*arguments, under=trace) as (process, url):
        yield url, calls
        process.terminate()
        await process.wait()
        ended = re.compile(rf"^{process.pid} +\+\+\+ (exited|killed)", re.MULTILINE)
        await eventually(lambda: ended.search(log.read_text(errors="replace")) is not None)
    counts = counted(log.read_text(errors="replace"))
    calls |= {name: count / (READS - 2 * WARM_UP) for name, count in counts.items()}


async def per_event(folder: Path) -> dict[str, float]:
    """The system calls of a replay for each event of a stream that is paced."""
    pieces = [read_number(number, 1) for number in range(READS)]
    came = build.arrivals(*((GAP * number, piece) for number, piece in enumerate(pieces)))
    recorded = build.exchange(came, request=build.request("POST", TARGET, BODY))
    cassette = folder / "a.sse.jsonl"
    cassette.write_bytes(b"".join(encode.exchange(recorded)))
    async with traced(folder, "replay", "--cassettes", cassette) as (url, calls), client(url) as peer:
        await peer.send(request())
        response = Response(request())
        response.feed((await peer.rest())[0])
        assert response.body == b"".join(pieces)
    return calls


@pytest.mark.parametrize("events", [1, 100], ids=["paced: an event a read", "firehose: 100 events a read"])
async def test_a_read_is_woken_for_taken_written_and_given_once(events: int, tmp_path: Path) -> None:
    calls = await per_read(tmp_path, events)
    due = WAKE + TAKE + KEEP + GIVE
    assert due <= sum(calls.values()) <= due + ROOM, calls


@pytest.mark.parametrize("events", [1, 100], ids=["paced: an event a read", "firehose: 100 events a read"])
async def test_what_is_not_recorded_is_not_written(events: int, tmp_path: Path) -> None:
    calls = await per_read(tmp_path, events, "--skip", "*")
    due = WAKE + TAKE + GIVE
    assert due <= sum(calls.values()) <= due + ROOM, calls


async def test_an_event_of_a_replay_is_woken_for_twice_given_and_the_next_one_waited_for(
    tmp_path: Path,
) -> None:
    calls = await per_event(tmp_path)
    due = (WAKE + SET) * 2 + GIVE
    assert sum(calls.values()) <= due + ROOM, calls
    assert calls["timerfd_settime"] > 0.5  # so that it is a paced replay that was counted
