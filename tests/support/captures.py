"""The real server's responses in tests/captures, and an upstream that sends one again."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.net import Peer, Script, Turns, client, finish
from tests.support.wire import Response

FOLDER = Path(__file__).parent.parent / "captures"


class Read(NamedTuple):
    """What one `recv` of a client brought."""

    t: int
    """Microseconds since the request was sent."""
    data: bytes
    """Head and chunk framing included; of a body that was taken out of both, its content alone."""


@dataclass(frozen=True, slots=True)
class Capture:
    name: str
    request: bytes
    reads: tuple[Read, ...]
    end: str
    """`eof`, or `last-chunk`: the server left the connection open behind it."""
    end_t: int
    summary: dict[str, Any]
    """What index.json says of it."""

    def response(self) -> Response:
        """The whole of it, as the client that captured it saw it."""
        return Response.of(self.request, b"".join(read.data for read in self.reads), "eof")


def _capture(name: str, summary: dict[str, Any]) -> Capture:
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    *reads, end = map(json.loads, lines)
    return Capture(
        name=name,
        request=summary["request"].encode(),
        reads=tuple(Read(round(read["t"] * 1e6), base64.b64decode(read["b64"])) for read in reads),
        end=end["end"],
        end_t=round(end["t"] * 1e6),
        summary=summary,
    )


@cache
def captures() -> dict[str, Capture]:
    """All captured responses by name, in the order of the index."""
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return {name: _capture(name, summary) for name, summary in index.items()}


def arrivals(capture: Capture) -> tuple[Read, ...]:
    """What a recorder that gets the capture read by read has to store: the content that each read brought.

    A read that brought only a head or framing is no arrival.
    """
    response = Response(capture.request)
    contents = [Read(read.t, response.feed(read.data)) for read in capture.reads]
    return tuple(content for content in contents if content.data)


def play(capture: Capture, *, timed: bool = True, turns: Turns | None = None) -> Script:
    """An upstream's script that sends the capture read by read, after any request.

    `timed`: each read has the time that it had, counted from the request so that no lateness adds up.
    With `turns` it also waits for the client to have the read before.
    """

    async def script(peer: Peer) -> None:
        await peer.request()
        began = asyncio.get_running_loop().time()
        for read in capture.reads:
            if timed:
                await asyncio.sleep(began + read.t / 1e6 - asyncio.get_running_loop().time())
            await peer.send(read.data)
            if turns:
                await turns.wait()
        if capture.end == "last-chunk":
            await peer.rest()

    return script


async def fetch_in_lockstep(url: str, capture: Capture, turns: Turns) -> Response:
    """The client of such an upstream: gives a turn when it has all that the upstream has sent."""
    sent = Response(capture.request)
    got = Response(capture.request)
    async with client(url) as peer:
        await peer.send(capture.request)
        for read in capture.reads:
            sent.feed(read.data)
            while not got.has_come_as_far_as(sent):
                data = await peer.read()
                assert data, "the response ended too early"
                got.feed(data)
            turns.give()
        return await finish(peer, got)
