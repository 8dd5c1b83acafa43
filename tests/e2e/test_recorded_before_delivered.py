"""Whenever the client has a byte, the cassette on disk has it; when it has the end, so does the cassette."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from sseproxy.exchange import Framing
from tests.e2e.flood import are_numbered, flood, whole_events
from tests.e2e.streams import FRAMED, LAST_CHUNK, framed, head, request
from tests.support.disk import OnDisk, only_file
from tests.support.net import PATIENCE, Peer, Turns, client, recorded, upstream
from tests.support.process import server
from tests.support.warm import Child
from tests.support.wire import Response

STOPS = 100
PIECES = (
    b"data: one\n\n",
    b"data: two\n\ndata: three\n\n",
    b"data: fo",
    b"ur\n",
    b"\ndata: \xff\n\n",
    b": comment\n\ndata: [DONE]\n\n",
)


def check(got: Response, folder: Path, *, over: bool) -> None:
    """The disk against what the client has at this moment; `over`: whether the upstream has sent the end."""
    disk = only_file(folder)
    assert disk.body.startswith(got.body)
    assert disk.kinds[:2] == ["head", "request"]
    if got.head:
        assert disk.kinds[2] == "response"
    if got.complete:
        assert disk.kinds[-1] == "end"
    assert disk.path.name.endswith(".sse.jsonl" if over else ".sse.jsonl.part")


@pytest.mark.parametrize("end_alone", [True, False], ids=["end alone", "end with the last event"])
@pytest.mark.parametrize("framing", FRAMED)
async def test_what_the_client_has_is_on_disk(framing: Framing, end_alone: bool, tmp_path: Path) -> None:
    turns = Turns()
    last = LAST_CHUNK if framing is Framing.CHUNKED else b""
    *before, final = [framed(framing, piece) for piece in PIECES]
    sends = [*before, final, last] if end_alone else [*before, final + last]

    async def script(peer: Peer) -> None:
        await peer.request()
        assert only_file(tmp_path).kinds == ["head", "request"]
        await peer.send(head(framing, len(b"".join(PIECES))))
        await turns.wait()
        for data in filter(None, sends):
            await peer.send(data)
            await turns.wait()

    sent = Response(request())
    got = Response(request())
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(request())
        for data in filter(None, [head(framing, len(b"".join(PIECES))), *sends]):
            sent.feed(data)
            while not got.has_come_as_far_as(sent):
                news = await peer.read()
                assert news, "the response ended too early"
                got.feed(news)
                check(got, tmp_path, over=sent.complete)
            turns.give()
        assert await peer.read() == b""
        got.how = "eof"
        check(got, tmp_path, over=True)
    assert got.fate == "whole"
    assert got.body == b"".join(PIECES)


def stop(process: Child | Process) -> None:
    """Returns when it does not run any more, between any two instructions."""
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)


def all_in(sock: socket.socket) -> bytes:
    """What lies in the socket at this moment."""
    data = bytearray()
    with contextlib.suppress(BlockingIOError):
        while news := sock.recv(2**20):
            data += news
    return bytes(data)


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be stopped there")
async def test_what_a_recorder_has_sent_by_any_instruction_is_on_disk(tmp_path: Path) -> None:
    """Were bytes sent first and written then, one of these stops would fall in between."""
    random = Random(1)
    loop = asyncio.get_running_loop()
    got = Response(request())
    async with (
        upstream(flood(1, sizes=[1, 20], together=[1])) as url,
        server("record", "--upstream", url, "--cassettes", tmp_path, forked=False) as (process, proxy),
    ):
        with socket.create_connection((urlsplit(proxy).hostname, urlsplit(proxy).port)) as sock:
            sock.setblocking(False)
            await loop.sock_sendall(sock, request())
            got.feed(await loop.sock_recv(sock, 2**20))
            disk = only_file(tmp_path)
            for _ in range(STOPS):
                wanted = len(got.body) + random.randrange(3_000)
                async with asyncio.timeout(PATIENCE):
                    while len(got.body) <= wanted:
                        got.feed(await loop.sock_recv(sock, 2**20))
                stop(process)
                got.feed(all_in(sock))
                disk.look()
                process.send_signal(signal.SIGCONT)
                assert disk.body.startswith(got.body)
    assert are_numbered(whole_events(got.body))


class Asker:
    """A client that sends one request after the other, each with a target of its own."""

    def __init__(self, number: int, sock: socket.socket, ended: Turns) -> None:
        self._number = number
        self._sock = sock
        self._ended = ended
        self._count = 0
        self._response = Response(b"")

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            asked = f"GET /n-{self._number}-{self._count} HTTP/1.1\r\nHost: recorded\r\n\r\n".encode()
            self._response = Response(asked)
            await loop.sock_sendall(self._sock, asked)
            while not self._response.complete:
                self._response.feed(await loop.sock_recv(self._sock, 2**16))
            self._count += 1
            self._ended.give()

    def ended(self) -> set[str]:
        """The requests whose responses this client's machine has to the end, read or not."""
        count = self._count
        with contextlib.suppress(BlockingIOError):
            response = Response(b"")
            response.feed(self._response.raw + self._sock.recv(2**16, socket.MSG_PEEK))
            count += response.complete
        return {f"n-{self._number}-{number}" for number in range(count)}


def finished(folder: Path) -> dict[str, Path]:
    """The cassettes that have their final name, by the targets of their requests."""
    return {path.name.split("_")[3]: path for path in folder.glob("*.sse.jsonl")}


async def short_streams(peer: Peer) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await peer.request()
            await peer.send(head(Framing.CHUNKED, 0) + framed(Framing.CHUNKED, PIECES[0]) + LAST_CHUNK)


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be stopped there")
async def test_what_had_ended_for_a_client_by_any_instruction_has_its_final_name(tmp_path: Path) -> None:
    random = Random(2)
    turns = Turns()
    async with (
        upstream(short_streams) as url,
        server("record", "--upstream", url, "--cassettes", tmp_path, forked=False) as (process, proxy),
    ):
        with contextlib.ExitStack() as stack:
            askers = []
            for number in range(8):
                sock = stack.enter_context(
                    socket.create_connection((urlsplit(proxy).hostname, urlsplit(proxy).port))
                )
                sock.setblocking(False)
                askers.append(Asker(number, sock, turns))
            running = [asyncio.create_task(asker.run()) for asker in askers]
            for _ in range(STOPS):
                for _ in range(random.randrange(1, 12)):
                    await turns.wait()
                stop(process)
                ended = set().union(*(asker.ended() for asker in askers))
                kept = finished(tmp_path)
                process.send_signal(signal.SIGCONT)
                assert ended <= kept.keys()
            for task in running:
                task.cancel()
            await asyncio.wait(running)
    for path in finished(tmp_path).values():
        assert OnDisk(path).kinds[-1] == "end"
