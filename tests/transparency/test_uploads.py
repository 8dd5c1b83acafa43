"""Request bodies stream through: an upstream has each part before the client sends the next."""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
from pathlib import Path

import pytest

from sseproxy.cassette.store import find
from sseproxy.exchange import Ending
from tests.support.disk import OnDisk, content
from tests.support.net import Peer, Turns, client, only_cassette, recorded, replayer
from tests.support.wire import Dechunker, Response
from tests.transparency.support import OK, closing, get, replayed, sent, trip

PIECE = 2**16
TOTAL = 50 * 2**20
LIMIT = 2**20
"""What of a body may stand in the request record."""


def upload(fields: bytes) -> bytes:
    """The head of a request with a body; the connection ends behind it."""
    return get(fields=fields, method=b"POST")


async def test_fifty_mebibytes_flow_through_in_lockstep(tmp_path: Path) -> None:
    """The client sends a part only when the upstream has the part before."""
    turns = Turns()
    got = hashlib.sha256()
    gave = hashlib.sha256()
    part = bytes(range(256)) * (4 * PIECE // 256)

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        missing = TOTAL
        part_missing = len(part)
        while missing:
            data = await peer.read()
            assert data
            got.update(data)
            missing -= len(data)
            part_missing -= len(data)
            if part_missing == 0:
                turns.give()
                part_missing = len(part)
        await peer.send(OK)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"Content-Length: %d\r\n" % TOTAL))
        for _ in range(TOTAL // len(part)):
            await peer.send(part)
            gave.update(part)
            await turns.wait()
        assert await peer.rest() == (closing(OK), "eof")
    assert got.digest() == gave.digest()

    (path,) = find([tmp_path])
    cassette = OnDisk(path)
    assert cassette.kinds[:2] == ["head", "request"]
    assert cassette.kinds[-4:] == ["upload_end", "response", "data", "end"]
    uploaded = [record for record in cassette.records if record["k"] == "upload"]
    first = content(cassette.records[1]["body"])
    assert len(first) < 2 * LIMIT
    assert len(first) + sum(len(content(record)) for record in uploaded) == TOTAL
    (end,) = [record for record in cassette.records if record["k"] == "upload_end"]
    assert (end["bytes"], end["complete"]) == (TOTAL, True)


async def test_the_parts_of_a_chunked_upload_pass_as_they_come(tmp_path: Path) -> None:
    turns = Turns()
    body = Dechunker()

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        while not body.done:
            if body.feed(await peer.read()):
                turns.give()
        await peer.send(OK)

    parts = [b"one", b"two" * 1000, b"\r\n0\r\n\r\n", b"\x00\xff"]
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"Transfer-Encoding: chunked\r\n"))
        for part in parts:
            await peer.send(b"%X;ext=1\r\n%b\r\n" % (len(part), part))
            while b"".join(body.chunks) != b"".join(parts[: parts.index(part) + 1]):
                await turns.wait()
        await peer.send(b"0\r\n\r\n")
        assert await peer.rest() == (closing(OK), "eof")
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert cassette.request.complete
    assert cassette.request.body == b"".join(parts)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    assert await replayed(
        [cassette], upload(b"Transfer-Encoding: chunked\r\n") + chunks + b"0\r\n\r\n"
    ) == closing(OK)


TRAILERS = b"X-Sum: 9a\r\nx-sum: \xff\r\nX-Empty: \r\nX-Api-Key: of no concern\r\n"


@pytest.mark.parametrize("method", [b"POST", b"FROB"])
@pytest.mark.parametrize("size", [0, 3, LIMIT + 3], ids=["no body", "a short body", "a long body"])
async def test_the_trailers_of_a_request_pass_and_are_kept(method: bytes, size: int, tmp_path: Path) -> None:
    got = Dechunker()

    async def script(peer: Peer) -> None:
        got.feed((await peer.until(b"\r\n\r\n")).partition(b"\r\n\r\n")[2])
        while not got.done:
            got.feed(await peer.read())
        await peer.send(OK)

    part = b"%x\r\n%b\r\n" % (size, b"x" * size) if size else b""
    sends = (
        get(fields=b"Transfer-Encoding: chunked\r\n", method=method) + part + b"0\r\n" + TRAILERS + b"\r\n"
    )
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        peer.writer.write(sends)
        assert await peer.rest() == (closing(OK), "eof")
    assert got.trailers == TRAILERS.split(b"\r\n")[:-1]
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert (cassette.request.complete, len(cassette.request.body)) == (True, size)
    assert cassette.request.trailers == (
        (b"X-Sum", b"9a"),
        (b"x-sum", b"\xff"),
        (b"X-Empty", b""),
        (b"X-Api-Key", b"[redacted]"),
    )
    assert await replayed([cassette], sends) == closing(OK)


MULTIPART = (
    b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
    b'--b\r\nContent-Disposition: form-data; name=f; filename="\xe4.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\r\n\r\n\xff--b-\r\n--b--\r\n"
)
BODIES = {
    "text": (b"Content-Type: text/plain\r\n", b"hello"),
    "JSON in a spelling of its own": (
        b"Content-Type: application/json\r\n",
        b'{ "b" : 1e0,\r\n\t"a":"\\u00e4\xc3\xa4" }',
    ),
    "no JSON, though it says so": (b"Content-Type: application/json\r\n", b'{"a":'),
    "multipart": (b'Content-Type: multipart/form-data; boundary="b"\r\n', MULTIPART),
    "gzip": (b"Content-Encoding: gzip\r\n", gzip.compress(b"hello" * 100, mtime=0)),
    "not gzip, though it says so": (b"Content-Encoding: gzip\r\n", b"hello"),
    "deflate, brotli, zstd": (b"Content-Encoding: deflate, br, zstd\r\n", b"\x00\x01\x02"),
    "all bytes": (b"", bytes(range(256))),
    "a form": (b"Content-Type: application/x-www-form-urlencoded\r\n", b"a=%zz&b=+%20"),
    "what looks like a request": (b"", b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
}


@pytest.mark.parametrize(("fields", "body"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_passes_untouched_and_is_kept_as_it_was(
    fields: bytes, body: bytes, tmp_path: Path
) -> None:
    fields += b"Content-Length: %d\r\n" % len(body)
    request = upload(fields) + body
    done = await trip(request, tmp_path)
    assert done.upstream == sent(fields=fields, method=b"POST", body=body)
    assert done.client == closing(OK)
    assert done.cassette.request
    assert done.cassette.request.body == body
    assert await replayed(done.cassettes, request) == done.client


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT])
async def test_a_body_is_kept_whole_whatever_its_size(size: int, tmp_path: Path) -> None:
    body = bytes(range(251)) * (size // 251 + 1)
    fields = b"Content-Length: %d\r\n" % size
    request = upload(fields) + body[:size]
    done = await trip(request, tmp_path)
    assert done.upstream == sent(fields=fields, method=b"POST", body=body[:size])
    assert done.cassette.request
    assert done.cassette.request.complete
    assert done.cassette.request.body == body[:size]
    assert await replayed(done.cassettes, request) == done.client


@pytest.mark.parametrize("length", [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_leave_to_continue_comes_from_the_upstream(length: bytes, tmp_path: Path) -> None:
    asked = Turns()
    allowed = Turns()
    body = b"3\r\nask\r\n0\r\n\r\n" if length.startswith(b"T") else b"ask"

    async def script(peer: Peer) -> None:
        head = await peer.until(b"\r\n\r\n")
        assert b"\r\nexpect: 100-Continue\r\n" in head
        asked.give()
        await allowed.wait()
        await peer.send(b"HTTP/1.1 100 Go On\r\nX-From: upstream\r\n\r\n")
        assert await peer.until(body) == body
        await peer.send(OK)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"expect: 100-Continue\r\n" + length))
        await asked.wait()
        allowed.give()  # a leave of our own would have come first
        assert await peer.until(b"\r\n\r\n") == b"HTTP/1.1 100 Go On\r\nX-From: upstream\r\n\r\n"
        await peer.send(body)
        assert await peer.rest() == (closing(OK), "eof")
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert (cassette.request.body, cassette.request.complete) == (b"ask", True)
    async with replayer([cassette]) as mock, client(mock.url) as peer:
        await peer.send(upload(b"expect: 100-Continue\r\n" + length))
        assert await peer.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"  # there is no other to ask
        await peer.send(body)
        assert await peer.rest() == (closing(OK), "eof")
    # Nobody waits for leave who has sent the body already, or who speaks the old version.
    assert await replayed([cassette], upload(b"expect: 100-Continue\r\n" + length) + body) == closing(OK)


async def test_a_client_that_leaves_in_an_upload_is_no_fault_of_the_mock_servers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with replayer([]) as mock:
        async with client(mock.url) as peer:
            await peer.send(upload(b"Expect: 100-continue\r\nContent-Length: 30\r\n"))
            await peer.until(b"\r\n\r\n")
        async with client(mock.url) as peer:
            await peer.send(get())
            await peer.rest()
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


EARLY = {
    "401": b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 0\r\n\r\n',
    "413": b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbig\n",
    "417": b"HTTP/1.1 417 Expectation Failed\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("answer", EARLY.values(), ids=EARLY.keys())
async def test_an_answer_in_place_of_leave_to_continue_reaches_a_client_that_has_not_sent_its_body(
    answer: bytes, tmp_path: Path
) -> None:
    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(answer)
        assert await peer.rest() == (b"", "eof")

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"Expect: 100-continue\r\nContent-Length: 999999\r\n"))
        got = Response(upload(b""))
        while not got.complete:
            got.feed(await peer.read())
        assert got.raw == closing(answer.replace(b"Connection: close\r\n", b""))
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert (cassette.request.body, cassette.request.complete) == (b"", False)
    assert cassette.ending is Ending.CLEAN


@pytest.mark.parametrize("then", ["waits", "closes", "resets"])
@pytest.mark.parametrize("answer", EARLY.values(), ids=EARLY.keys())
async def test_an_early_answer_reaches_a_client_that_is_uploading(
    answer: bytes, then: str, tmp_path: Path
) -> None:
    """The client goes on sending, as most do, till it has read the answer."""
    answered = Turns()

    async def script(peer: Peer) -> None:
        await peer.until(b"begin")
        await peer.send(answer)
        await answered.wait()
        if then == "closes":
            peer.close()
        elif then == "resets":
            peer.reset()
        else:
            await peer.rest()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"Content-Length: 99999999\r\n") + b"begin")
        got = Response(upload(b""))
        while not got.complete:
            got.feed(await peer.read())
        assert got.raw == closing(answer.replace(b"Connection: close\r\n", b""))
        answered.give()
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert (cassette.request.body, cassette.request.complete) == (b"begin", False)
    assert cassette.ending is Ending.CLEAN


async def test_an_answer_behind_a_full_pipe_reaches_the_client(tmp_path: Path) -> None:
    """The upstream reads nothing of the body, answers and closes: its kernel resets the connection."""
    full = Turns()

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await full.wait()
        await peer.send(EARLY["413"])
        peer.close()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(upload(b"Content-Length: 99999999\r\n"))
        for _ in range(64):
            peer.writer.write(bytes(PIECE))
        full.give()
        got = Response(upload(b""))
        while not got.complete:
            got.feed(await peer.read())
        assert got.raw == closing(EARLY["413"].replace(b"Connection: close\r\n", b""))


async def test_an_upload_that_is_answered_early_and_completed_all_the_same_leaves_the_connection_in_order(
    tmp_path: Path,
) -> None:
    """What is left of the body must not be taken for the next request."""
    answered = Turns()
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        heard.append(await peer.until(b"\r\n\r\n"))
        await peer.send(OK)
        if len(heard) == 1:
            answered.give()
        await peer.rest()

    tail = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(tail))
        assert await peer.until(b"ok") == OK
        await answered.wait()
        await peer.send(tail + get(b"/next"))
        assert await peer.rest() == (closing(OK), "eof")
    assert [re.match(rb"\S+ \S+", head)[0] for head in heard] == [b"POST /", b"GET /next"]  # type: ignore[index]


@pytest.mark.parametrize("length", [b"Content-Length: 30\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_client_that_leaves_in_its_upload_takes_the_upstream_along(
    length: bytes, tmp_path: Path
) -> None:
    begun = Turns()
    ended = Turns()

    async def script(peer: Peer) -> None:
        await peer.until(b"begin")
        begun.give()
        await peer.rest()
        ended.give()

    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(upload(length) + (b"5\r\nbegin\r\n" if length.startswith(b"T") else b"begin"))
            await begun.wait()
        await ended.wait()
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert (cassette.request.body, cassette.request.complete) == (b"begin", False)
    assert cassette.ending is Ending.CLIENT_LEFT
