"""Other protocols over the same connection: a WebSocket passes both ways, the rest is declined."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sseproxy.exchange import Ending
from tests.support.disk import only_file
from tests.support.net import Peer, Turns, ask, client, only_cassette, recorded, recorder, upstream
from tests.transparency.support import AUTHORITY, OK, Origin, closing, get, recordings, replayed

WISH = (
    b"GET /chat HTTP/1.1\r\nHost: client.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nconnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
PING = b"\x89\x00"
# Bytes that are nothing to HTTP, and some that look like it.
FRAMES = [
    b"\x81\x02hi",
    bytes(range(256)),
    b"GET / HTTP/1.1\r\n\r\n",
    b"0\r\n\r\n",
    b"\x82\x7f" + bytes(100_000),
]
PLAIN = OK.replace(b"ok", b"no").replace(b"200 OK", b"426 Upgrade Required")


async def exactly(peer: Peer, count: int) -> bytes:
    got = b""
    while len(got) < count:
        data = await peer.read(count - len(got))
        assert data
        got += data
    return got


async def test_a_websocket_passes_both_ways_and_its_cassette_has_a_note_alone(tmp_path: Path) -> None:
    heard = Turns()
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        heads.append(await peer.until(b"\r\n\r\n"))
        await peer.send(SWITCH + PING)
        for frame in FRAMES:
            assert await exactly(peer, len(frame)) == frame
            await peer.send(frame[::-1])
        assert await peer.rest() == (b"", "eof")
        heard.give()

    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(WISH)
            assert await exactly(peer, len(SWITCH + PING)) == SWITCH + PING
            for frame in FRAMES:
                await peer.send(frame)
                assert await exactly(peer, len(frame)) == frame[::-1]
        await heard.wait()
    (head,) = heads
    host = next(line for line in head.split(b"\r\n") if line.startswith(b"Host: "))
    assert head == WISH.replace(b"Host: client.test", host)
    assert only_file(tmp_path).kinds == ["head", "request", "response", "note", "end"]
    cassette = only_cassette(tmp_path)
    assert cassette.response
    assert cassette.response.status == 101
    assert [note.tags for note in cassette.notes] == [("websocket",)]
    assert cassette.body == b""


async def test_what_a_client_sends_along_with_its_wish_reaches_the_other_protocol(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(SWITCH)
        assert await exactly(peer, 4) == b"\x81\x02hi"
        await peer.send(b"\x88\x00")

    async with recorded(script, tmp_path) as proxy:
        assert await ask(proxy.url, WISH + b"\x81\x02hi") == (SWITCH + b"\x88\x00", "eof")
    assert only_cassette(tmp_path).ending is Ending.CLEAN


async def test_a_flood_through_a_websocket_loses_nothing(tmp_path: Path) -> None:
    size = 8 * 2**20

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(SWITCH)
        assert await exactly(peer, size) == bytes(size)
        await peer.send(b"\x01" * size)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(WISH)
        assert await exactly(peer, len(SWITCH)) == SWITCH
        await peer.send(bytes(size))
        assert await peer.rest() == (b"\x01" * size, "eof")


async def test_a_websocket_takes_no_more_of_a_client_than_the_upstream_does(tmp_path: Path) -> None:
    size = 64 * 2**20  # much more than kernels hold
    read_on = Turns()

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(SWITCH)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await read_on.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        while got < size:
            got += len(await peer.read())
        await peer.send(b"all")

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(WISH)
        assert await exactly(peer, len(SWITCH)) == SWITCH
        peer.writer.write(bytes(size))
        left, still = size, 0
        while still < 100:  # turns of the event loop in which nothing moves
            await asyncio.sleep(0)
            now = peer.writer.transport.get_write_buffer_size()
            left, still = now, still + 1 if now == left else 0
        assert left > size / 2
        read_on.give()
        assert await peer.rest() == (b"all", "eof")


@pytest.mark.parametrize(
    "answer", [OK, PLAIN, b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("together", [True, False])
async def test_a_declined_websocket_is_an_ordinary_answer_and_the_connection_goes_on(
    answer: bytes, together: bool, tmp_path: Path
) -> None:
    origin = Origin(answer, OK)
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy, client(proxy.url) as peer:
        if together:
            await peer.send(WISH + get(b"/next"))
        else:
            await peer.send(WISH)
            assert await exactly(peer, len(answer)) == answer
            await peer.send(get(b"/next"))
        rest, how = await peer.rest()
    assert ((answer if together else b"") + closing(OK), "eof") == (rest, how)
    assert [request.split(b" ")[1] for request in origin.requests] == [b"/chat", b"/next"]
    cassettes = recordings(tmp_path)
    assert [each.ending for each in cassettes] == [Ending.CLEAN, Ending.CLEAN]
    assert [each.notes for each in cassettes] == [(), ()]
    declined = WISH.replace(b"keep-alive, Upgrade", b"close, Upgrade")
    assert await replayed(cassettes, declined) == closing(answer)


# An upgrade to anything else is taken out of the request.
PROBES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAI\r\n",
    "h2c in lower case": b"connection: upgrade, http2-settings\r\nupgrade: H2C\r\nhttp2-settings: AAMA\r\n",
    "TLS": b"Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n",
    "raw TCP": b"Connection: Upgrade\r\nUpgrade: tcp\r\n",
    "a WebSocket that Connection does not name": b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "Connection alone": b"Connection: Upgrade\r\n",
}


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("fields", PROBES.values(), ids=PROBES.keys())
async def test_any_other_upgrade_is_answered_in_http_and_the_connection_goes_on(
    fields: bytes, method: bytes, tmp_path: Path
) -> None:
    body = b"ask" if method == b"POST" else b""
    length = b"Content-Length: 3\r\n" if body else b""
    probe = b"%b /probe HTTP/1.1\r\nHost: client.test\r\n%b%b\r\n%b" % (method, fields, length, body)
    left = b"".join(line + b"\r\n" for line in fields.split(b"\r\n") if line.startswith(b"Sec-WebSocket"))
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(probe)
        assert await exactly(peer, len(OK)) == OK
        await peer.send(get(b"/next"))
        assert await peer.rest() == (closing(OK), "eof")
    first, _ = origin.requests
    first = first.replace(url.removeprefix("http://").encode(), AUTHORITY)
    wanted = b"%b /probe HTTP/1.1\r\nHost: %b\r\n%b%b\r\n%b" % (method, AUTHORITY, left, length, body)
    assert first == wanted
    assert len(origin.connections) == 1


async def test_a_websocket_wish_with_a_body_is_passed_with_its_body(tmp_path: Path) -> None:
    wish = WISH.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"ask"
    origin = Origin(PLAIN, OK)
    async with (
        upstream(origin) as url,
        recorder(url, tmp_path, keep_host=True) as proxy,
        client(proxy.url) as peer,
    ):
        await peer.send(wish)
        assert await exactly(peer, len(PLAIN)) == PLAIN
        await peer.send(get(b"/next"))
        assert await peer.rest() == (closing(OK), "eof")
    assert origin.requests[0] == wish


async def test_the_prior_knowledge_preface_of_http_2_is_refused(tmp_path: Path) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy:
        got, how = await ask(
            proxy.url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        )
    assert (got.split(b" ")[1], how) == (b"505", "eof")
    assert origin.connections == []


async def test_a_switch_that_breaks_off_ends_the_clients_connection(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(SWITCH)
        await turns.wait()
        peer.reset()

    turns = Turns()
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(WISH)
        assert await exactly(peer, len(SWITCH)) == SWITCH
        turns.give()
        assert await peer.rest() == (b"", "reset")
    assert only_cassette(tmp_path).ending is Ending.UPSTREAM_RESET
