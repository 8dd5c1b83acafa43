"""Requests behind one another on a connection: each whole, in order, and nothing behind a refused one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.support import until_it_stands
from tests.support.net import Peer, Turns, ask, client, recorder, upstream
from tests.support.wire import Dechunker, Response
from tests.transparency.support import Origin, closing, recordings

HOST = b"Host: client.test\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def numbered(number: int) -> bytes:
    body = b"answer %d\n" % number
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def plain(target: bytes, method: bytes = b"GET", fields: bytes = b"") -> bytes:
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (method, target, HOST, fields)


def with_length(target: bytes, body: bytes = b"GET / HTTP/1.1\r\n\r\n") -> bytes:
    return plain(target, b"POST", b"Content-Length: %d\r\n" % len(body)) + body


def chunked(target: bytes) -> bytes:
    return plain(target, b"POST", b"Transfer-Encoding: chunked\r\n") + b"6\r\nGET /\n\r\n" + LAST_CHUNK


END = plain(b"/end", fields=b"Connection: close\r\n")


async def read_answers(peer: Peer, numbers: range) -> None:
    wanted = b"".join(map(numbered, numbers))
    got = b""
    while len(got) < len(wanted):
        data = await peer.read()
        assert data, f"only {got!r} came"
        got += data
    assert got == wanted


async def noticed() -> None:
    """Lets the event loop, which all sides share, hand on what the kernel has: a few turns of it."""
    for _ in range(10):
        await asyncio.sleep(0)


CONVERSATIONS = {
    "plain": [plain(b"/1"), plain(b"/2?a=b"), END],
    "with bodies": [with_length(b"/1"), with_length(b"/2"), END],
    "chunked": [chunked(b"/1"), chunked(b"/2"), END],
    "of all kinds": [with_length(b"/1"), chunked(b"/2"), plain(b"/3", b"DELETE"), END],
    "unusual": [plain(b"/1"), plain(b"/caf\xe9", b"FROB"), with_length(b"/\xff"), END],
    "unusual behind chunks": [chunked(b"/1"), plain(b"/caf\xe9", b"FROB"), END],
}


def sent_on(requests: list[bytes]) -> list[bytes]:
    """What the upstream gets of them: the wish to close is gone."""
    return [each.replace(b"Connection: close\r\n", b"") for each in requests]


def unchunked(request: bytes) -> tuple[bytes, bytes]:
    """Its head, and its body without its chunks: those are as the reads were."""
    head, _, body = request.partition(b"\r\n\r\n")
    return head, Dechunker().feed(body) if b"chunked" in head else body


@pytest.mark.parametrize("between", [b"", b"\r\n"], ids=["", "empty lines between"])
@pytest.mark.parametrize("requests", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
async def test_requests_are_the_same_cut_anywhere_between_two_answers(
    requests: list[bytes], between: bytes, tmp_path: Path
) -> None:
    """The second part is sent when all requests in the first are answered."""
    data = between.join(requests)
    ends = [len(between.join(requests[: count + 1])) for count in range(len(requests))]
    answers = [numbered(number) for number in range(len(requests))]
    for at in range(len(data)):
        origin = Origin(*answers)
        async with (
            upstream(origin) as url,
            recorder(url, tmp_path / "cassettes", keep_host=True) as proxy,
            client(proxy.url) as peer,
        ):
            await peer.send(data[:at])
            ready = sum(end <= at for end in ends)
            await read_answers(peer, range(ready))
            await noticed()  # that the last of them is all
            await peer.send(data[at:])
            rest = b"".join([*answers[ready:-1], closing(answers[-1])])
            assert await peer.rest() == (rest, "eof"), at
        (heard,) = origin.connections
        assert list(map(unchunked, heard)) == list(map(unchunked, sent_on(requests))), at


FIRST = {
    "an ordinary request": plain(b"/first"),
    "a body": with_length(b"/first"),
    "chunks": chunked(b"/first"),
}
UNUSUAL = {
    "an unusual method": plain(b"/second", b"FROB"),
    "a method in lower case": plain(b"/second", b"get"),
    "a target beyond ASCII": plain(b"/caf\xe9"),
    "both": plain(b"/\xff\xfe", b"M-SEARCH"),
    "both with a body": plain(b"/\xe9", b"FROB", b"Content-Length: 3\r\n") + b"ask",
}


@pytest.mark.parametrize("second", UNUSUAL.values(), ids=UNUSUAL.keys())
@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST.keys())
async def test_what_is_unusual_may_come_in_one_read_behind_another_request(
    first: bytes, second: bytes, tmp_path: Path
) -> None:
    origin = Origin(*map(numbered, range(3)))
    async with upstream(origin) as url, recorder(url, tmp_path, keep_host=True) as proxy:
        got = await ask(proxy.url, first + second + END)
    assert got == (numbered(0) + numbered(1) + closing(numbered(2)), "eof")
    assert origin.connections == [sent_on([first, second, END])]


REFUSED = {
    "gzip": plain(b"/refused", b"POST", b"Transfer-Encoding: gzip\r\n"),
    "length and chunked": plain(b"/refused", b"POST", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "two lengths": plain(b"/refused", b"POST", b"Content-Length: 0\r\nContent-Length: 0\r\n"),
    "two Hosts": plain(b"/refused", fields=HOST),
    "no Host": b"GET /refused HTTP/1.1\r\n\r\n",
    "CONNECT": plain(b"a:80", b"CONNECT"),
    "version 0.9": b"GET /refused HTTP/0.9\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /refused\r\n",
    "garbage": b"\x16\x03\r\n\r\n",
    "a folded field": plain(b"/refused", fields=b"X: a\r\n b\r\n"),
    "a bare LF": plain(b"/refused", fields=b"X: a\n"),
    "gzip with an unusual method": plain(b"/refused", b"FROB", b"Transfer-Encoding: gzip\r\n"),
    "a malformed chunk": plain(b"/refused", b"POST", b"Transfer-Encoding: chunked\r\n") + b"zz\r\n",
}
SECOND = plain(b"/second")


@pytest.mark.parametrize("later", [False, True], ids=["in the same write", "later"])
@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
async def test_nothing_behind_a_refused_request_is_answered_or_passed_on(
    refused: bytes, later: bool, tmp_path: Path
) -> None:
    origin = Origin()
    folder = tmp_path / "cassettes"
    async with upstream(origin) as url, recorder(url, folder) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(refused if later else refused + SECOND)
            if later:
                await noticed()
                await peer.send(SECOND)
            got, how = await peer.rest()
        # It raises for anything behind the one answer.
        answer = Response.of(b"POST", got, how)
        await ask(proxy.url, END)
    assert answer.status in (400, 405, 505)
    assert answer.fate == "whole"
    assert [request.split(b" ")[1] for request in origin.requests] == [b"/end"]
    assert [each.request.target for each in recordings(folder) if each.request] == [b"/end"]


@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST.keys())
async def test_nothing_behind_a_refused_request_behind_another_is_answered_or_passed_on(
    first: bytes, tmp_path: Path
) -> None:
    origin = Origin(numbered(0))
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy:
        got, how = await ask(proxy.url, first + REFUSED["gzip"] + SECOND)
    answer = Response.of(b"GET", got.removeprefix(numbered(0)), how)
    assert answer.status == 400
    assert answer.fate == "whole"
    assert {request.split(b" ")[1] for request in origin.requests} <= {b"/first"}
    assert {each.request.target for each in recordings(tmp_path) if each.request} <= {b"/first"}


FIELD = b"X: %b\r\n" % (60_000 * b"x")
MANY = plain(b"/next", fields=b"X: %b\r\n" % (10_000 * b"x"))
# Of each far more than the kernel takes.
ENDLESS = {
    "a head": plain(b"/next")[:-2] + 700 * FIELD,
    "requests": 4_000 * MANY,
    "a request's body": plain(b"/next", b"POST", b"Content-Length: 40000000\r\n") + bytes(40_000_000),
}


@pytest.mark.parametrize("behind", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST.keys())
async def test_what_comes_behind_a_request_is_not_read_without_end_while_it_is_answered(
    first: bytes, behind: bytes, tmp_path: Path
) -> None:
    asked = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.give()
        await peer.rest()

    async def turn() -> None:
        await asyncio.sleep(0)

    async with upstream(script) as url, recorder(url, tmp_path) as proxy, client(proxy.url) as peer:
        peer.writer.write(first + behind)
        await asked.wait()
        await until_it_stands(peer.writer.transport.get_write_buffer_size, turn)
        left = peer.writer.transport.get_write_buffer_size()
    assert left > len(behind) // 2
