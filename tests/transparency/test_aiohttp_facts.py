"""What a proxy made of aiohttp in the plain way gets wrong, each with the least that shows it.

A client library and a handler that writes a response fail every one of these.
"""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from sseproxy.exchange import Ending, Framing
from sseproxy.proxy import Options, Proxy
from sseproxy.server import Running
from tests.e2e.streams import EVENTS, framed, head
from tests.support.net import (
    PATIENCE,
    Peer,
    Turns,
    ask,
    client,
    only_cassette,
    recorded,
    recorder,
    upstream,
)
from tests.support.wire import Response
from tests.transparency.support import (
    OK,
    Origin,
    SteppedClock,
    closing,
    get,
    recordings,
    replayed,
    sent,
    trip,
)

CHUNKED_HEAD = head(Framing.CHUNKED, 0)

# The side of the upstream.


async def test_a_compressed_answer_is_not_decompressed(tmp_path: Path) -> None:
    body = gzip.compress(b"data: a\n\n", mtime=0)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    done = await trip(get(), tmp_path, answer)
    assert done.client == closing(answer)
    assert await replayed(done.cassettes, get()) == done.client


async def test_more_than_a_hundred_streams_are_open_at_once(tmp_path: Path) -> None:
    count = 150
    open_now = 0
    all_open = asyncio.Event()

    async def script(peer: Peer) -> None:
        nonlocal open_now
        await peer.request()
        open_now += 1
        if open_now == count:
            all_open.set()
        await all_open.wait()
        await peer.send(OK)

    async with recorded(script, tmp_path) as proxy:
        answers = await asyncio.gather(*(ask(proxy.url, get()) for _ in range(count)))
    assert answers == [(closing(OK), "eof")] * count


async def test_a_stream_of_hours_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has set a timer for less than three hours hears it go off."""
    loop = asyncio.get_running_loop()
    now = loop.time
    clock = SteppedClock()
    go_on, ready = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD + framed(Framing.CHUNKED, EVENTS[0]))
        await go_on.wait()
        await peer.send(framed(Framing.CHUNKED, EVENTS[1]) + b"0\r\n\r\n")

    async with upstream(script) as url:
        proxy = Proxy(Options(upstreams=(url,), cassettes=tmp_path, port=0), clock)
        server = await proxy.start()
        async with client(server.url) as peer:
            await peer.send(get())
            response = Response(get())
            while response.body != EVENTS[0]:
                response.feed(await peer.read())
            loop.call_soon(ready.set)
            await ready.wait()
            monkeypatch.setattr(loop, "time", lambda: now() + 3 * 3600)
            clock.time += 3 * 3600 * 1_000_000
            for _ in range(10):
                await asyncio.sleep(0)  # what is due goes off
            go_on.set()
            data, how = await peer.rest()
            response.feed(data)
        await proxy.stop(grace=0)
    assert (response.body, response.complete, how) == (b"".join(EVENTS), True, "eof")


async def test_a_cookie_of_one_client_is_not_sent_for_another(tmp_path: Path) -> None:
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: who=one; Path=/\r\nContent-Length: 2\r\n\r\nok"
    origin = Origin(cookie, OK)
    async with (
        upstream(origin) as url,
        # A jar takes no cookies of an address.
        recorder(url.replace("127.0.0.1", "localhost"), tmp_path) as proxy,
    ):
        for _ in range(2):
            await ask(proxy.url, get())
    first, second = origin.requests
    assert first == second
    assert b"ookie" not in first


@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_a_request_gets_no_field_that_its_client_did_not_send(method: bytes, tmp_path: Path) -> None:
    fields = b"Content-Length: 3\r\n" if method == b"POST" else b""
    body = b"ask" if method == b"POST" else b""
    done = await trip(get(fields=fields, method=method, body=body), tmp_path)
    assert done.upstream == sent(fields=fields, method=method, body=body)


@pytest.mark.parametrize(
    "target", [b"/a/../b", b"/%2f", b"/%7Ea", b"/p?", b"//a", b"/a%zz", b"/a|b", b"/caf\xe9", b"/#"]
)
async def test_a_target_is_neither_quoted_anew_nor_shortened(target: bytes, tmp_path: Path) -> None:
    done = await trip(get(target), tmp_path)
    assert done.upstream == sent(target)


async def test_a_field_with_bytes_that_are_no_utf_8_is_not_lost(tmp_path: Path) -> None:
    fields = b"X-Name: caf\xe9 \xff\r\n"
    answer = b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    done = await trip(get(fields=fields), tmp_path, answer)
    assert done.upstream == sent(fields=fields)
    assert done.client == closing(answer)


async def test_each_read_is_an_arrival_with_a_time_of_its_own(tmp_path: Path) -> None:
    """Also where the client, and so whoever reads a buffer for it, is slow to come round to it."""
    reads = [b"data: a\n\n", b"data: b\n", b"\n", b"data: c\n\ndata: d\n\n"]
    clock = SteppedClock()
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD)
        await turns.wait()
        for number, read in enumerate(reads, 1):
            clock.time = number * 1000
            chunks = [read] if number < len(reads) else [read[:9], read[9:]]  # two chunks in one read
            await peer.send(b"".join(framed(Framing.CHUNKED, chunk) for chunk in chunks))
            await turns.wait()

    async with upstream(script) as url:
        proxy = Proxy(Options(upstreams=(url,), cassettes=tmp_path, port=0), clock)
        server = await proxy.start()
        async with client(server.url) as peer:
            await peer.send(get())
            response = Response(get())
            for count in range(len(reads) + 1):
                while not response.head or response.body != b"".join(reads[:count]):
                    response.feed(await peer.read())
                turns.give()
            await peer.rest()
        await proxy.stop(grace=0)
    arrivals = only_cassette(tmp_path).arrivals
    assert [arrival.data for arrival in arrivals] == reads
    assert [arrival.t for arrival in arrivals] == [1000, 2000, 3000, 4000]


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_a_reset_of_a_body_that_only_the_close_ends_is_no_end(version: bytes, tmp_path: Path) -> None:
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head(Framing.CLOSE, 0) + EVENTS[0])
        await turns.wait()
        peer.reset()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(b"GET / HTTP/%b\r\nHost: c\r\n\r\n" % version)
        assert (await peer.until(EVENTS[0])).endswith(EVENTS[0])
        turns.give()
        assert await peer.rest() == (b"", "reset")
    assert only_cassette(tmp_path).ending is Ending.UPSTREAM_RESET


async def test_a_malformed_chunk_hangs_nobody(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD + framed(Framing.CHUNKED, EVENTS[0]) + b"zz\r\n")
        await peer.rest()

    async with recorded(script, tmp_path) as proxy:
        raw, how = await ask(proxy.url, get())
    response = Response.of(get(), raw, how)
    assert (response.body, response.fate) == (EVENTS[0], "cut")
    assert only_cassette(tmp_path).ending is Ending.ERROR


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH])
async def test_a_failure_does_not_overtake_what_a_slow_client_has_not_read_yet(
    framing: Framing, tmp_path: Path
) -> None:
    """The client reads only when the upstream is gone, and more than the kernels take has been sent."""
    sent_bytes = 0
    proxies: list[Running] = []

    def waiting() -> int:
        """Bytes that the proxy has not got rid of."""
        (connection,) = proxies[0]._server.connections
        return connection.transport.get_write_buffer_size() if connection.transport else 0

    async def script(peer: Peer) -> None:
        nonlocal sent_bytes
        await peer.request()
        await peer.send(head(framing, 2**40) + (b"%x\r\n" % 2**40 if framing is Framing.CHUNKED else b""))
        while not waiting():
            await peer.send(b"x" * 2**14)
            sent_bytes += 2**14
            await asyncio.sleep(0)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        proxies.append(proxy)
        await peer.send(get())
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE):
            while not list(tmp_path.glob("*.sse.jsonl")):  # noqa: ASYNC110, ASYNC240 - its name is the event
                await asyncio.sleep(0)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        raw, how = await peer.rest()
    response = Response.of(get(), raw, how)
    assert (len(response.body), response.fate) == (sent_bytes, "cut")
    assert only_cassette(tmp_path).ending is Ending.TRUNCATED


@pytest.mark.parametrize(
    "fields", [b"X: " + b"x" * 50_000 + b"\r\n", b"".join(b"X-%d: 1\r\n" % n for n in range(500))]
)
async def test_a_large_head_passes_both_ways_and_a_huge_one_is_refused(fields: bytes, tmp_path: Path) -> None:
    target = b"/" + b"a" * 9_000
    answer = b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    done = await trip(get(target, fields), tmp_path / "large", answer)
    assert done.upstream == sent(target, fields)
    assert done.client == closing(answer)

    huge = b"X: " + b"x" * 2**20 + b"\r\n"
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path / "huge") as proxy, client(proxy.url) as peer:
        peer.writer.write(get(fields=huge))
        got, how = await peer.rest()
    assert (got.split(b" ")[1], how) == (b"431", "eof")
    assert origin.connections == []
    async with (
        upstream(Origin(answer.replace(fields, huge))) as url,
        recorder(url, tmp_path / "huge") as proxy,
    ):
        got, how = await ask(proxy.url, get())
    assert (got.split(b" ")[1], how) == (b"502", "eof")


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    done = await trip(get(), tmp_path, answer)
    assert done.upstream == sent()
    assert done.client == closing(answer)


# The side of the client.


@pytest.mark.parametrize("method", [b"POST", b"FROB"])
@pytest.mark.parametrize("body", [gzip.compress(b"hello" * 100, mtime=0), b"not gzip"])
async def test_a_compressed_request_is_not_decompressed(body: bytes, method: bytes, tmp_path: Path) -> None:
    fields = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(body)
    done = await trip(get(fields=fields, method=method, body=body), tmp_path)
    assert done.upstream == sent(fields=fields, method=method, body=body)
    assert done.cassette.request
    assert done.cassette.request.body == body


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_upload_over_a_mebibyte_passes_as_it_comes(chunked: bool, tmp_path: Path) -> None:
    part = b"x" * 2**16
    count = 40
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        got = 0
        for number in range(1, count + 1):
            while got < number * len(part):
                got += (await peer.read()).count(b"x")
            turns.give()
        await peer.send(OK)

    length = b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % (count * len(part))
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(get(fields=length, method=b"POST"))
        for _ in range(count):
            await peer.send(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            await turns.wait()
        await peer.send(b"0\r\n\r\n" if chunked else b"")
        assert await peer.rest() == (closing(OK), "eof")


async def test_leave_to_continue_is_the_upstreams_to_give(tmp_path: Path) -> None:
    go_on = b"HTTP/1.1 100 Go On\r\n\r\n"

    async def script(peer: Peer) -> None:
        assert b"\r\nExpect: 100-continue\r\n" in await peer.until(b"\r\n\r\n")
        await peer.send(go_on)
        assert await peer.until(b"ask") == b"ask"
        await peer.send(OK)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(get(fields=b"Expect: 100-continue\r\nContent-Length: 3\r\n", method=b"POST"))
        assert await peer.until(b"\r\n\r\n") == go_on
        await peer.send(b"ask")
        assert await peer.rest() == (closing(OK), "eof")


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"413 Content Too Large"])
async def test_an_early_answer_comes_through_without_the_upload(status: bytes, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status

    async def script(peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        await peer.send(answer)
        assert await peer.rest() == (b"", "eof")

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(get(fields=b"Expect: 100-continue\r\nContent-Length: 999999\r\n", method=b"POST"))
        assert await peer.until(b"\r\n\r\n") == closing(answer)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_client_that_leaves_an_idle_stream_takes_the_upstream_along(
    begun: bool, tmp_path: Path
) -> None:
    asked, left = Turns(), Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        if begun:
            await peer.send(CHUNKED_HEAD)
        asked.give()
        await peer.rest()
        left.give()

    async with recorded(script, tmp_path) as proxy:
        async with client(proxy.url) as peer:
            await peer.send(get())
            await asked.wait()
            if begun:
                await peer.until(b"\r\n\r\n")
        await left.wait()
    assert [each.ending for each in recordings(tmp_path)] == [Ending.CLIENT_LEFT]


async def test_an_answer_gets_no_field_that_the_upstream_did_not_send(tmp_path: Path) -> None:
    done = await trip(get(), tmp_path)
    assert done.client == closing(OK)
    assert await replayed(done.cassettes, get()) == done.client


@pytest.mark.parametrize(("version", "fate"), [(b"1.1", "cut"), (b"1.0", "reset")])
async def test_after_a_failure_a_body_is_neither_ended_nor_followed_by_another_head(
    version: bytes, fate: str, tmp_path: Path
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD + framed(Framing.CHUNKED, EVENTS[0]))

    request = b"GET / HTTP/%b\r\nHost: c\r\n\r\n" % version
    async with recorded(script, tmp_path) as proxy:
        raw, how = await ask(proxy.url, request)
    response = Response.of(request, raw, how)
    assert (response.body, response.fate) == (EVENTS[0], fate)


async def test_an_http_10_client_gets_a_chunked_body_without_its_chunks(tmp_path: Path) -> None:
    answer = CHUNKED_HEAD + framed(Framing.CHUNKED, EVENTS[0]) + b"0\r\n\r\n"
    done = await trip(b"GET / HTTP/1.0\r\n\r\n", tmp_path, answer)
    assert done.client == closing(head(Framing.CLOSE, 0) + EVENTS[0])


OLD_OR_HOMELESS = {
    "HTTP/0.9": (b"GET / HTTP/0.9\r\nHost: c\r\n\r\n", b"505"),
    "HTTP/0.9 in its own form": (b"GET /\r\n", b"400"),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
    "two Hosts in HTTP/1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", b"400"),
}


@pytest.mark.parametrize(("request_", "status"), OLD_OR_HOMELESS.values(), ids=OLD_OR_HOMELESS.keys())
async def test_a_request_of_an_old_version_or_for_no_one_host_is_refused(
    request_: bytes, status: bytes, tmp_path: Path
) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy:
        got, how = await ask(proxy.url, request_)
    assert (got.split(b" ")[1], how) == (status, "eof")
    assert origin.connections == []


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200 OK"), (b"GET", b"304 Not Modified"), (b"GET", b"204 No Content")]
)
async def test_an_answer_without_a_body_keeps_its_length_and_has_none(
    method: bytes, status: bytes, tmp_path: Path
) -> None:
    answer = b"HTTP/1.1 %b\r\nContent-Length: 1234\r\n\r\n" % status
    done = await trip(get(method=method), tmp_path, answer)
    assert done.client == closing(answer)
    assert await replayed(done.cassettes, get(method=method)) == done.client
