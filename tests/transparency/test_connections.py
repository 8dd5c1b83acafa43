"""Connections: one to the upstream for each of a client's, in order, and never one that may be stale."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sseproxy.exchange import Ending
from sseproxy.proxy import Options, Proxy
from sseproxy.server import Running
from tests.support.net import Peer, Turns, ask, client, recorded, recorder, replayer, upstream
from tests.support.wire import Response
from tests.transparency.support import OK, Origin, SteppedClock, closing, get, recordings


def numbered(number: int, fields: bytes = b"") -> bytes:
    body = b"answer %d\n" % number
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (fields, len(body), body)


def asking(number: int, fields: bytes = b"") -> bytes:
    return b"GET /%d HTTP/1.1\r\nHost: client.test\r\n%b\r\n" % (number, fields)


async def answer_to(peer: Peer, request: bytes) -> bytes:
    """The next response, whole."""
    response = Response(request)
    while not response.complete:
        data = await peer.read()
        assert data, f"only {response.raw!r} came"
        response.feed(data)
    return response.raw


@contextlib.asynccontextmanager
async def stepped(origin: Origin, folder: Path, clock: SteppedClock) -> AsyncIterator[Running]:
    """A recording proxy that lives by this clock."""
    async with upstream(origin) as url:
        proxy = Proxy(Options(upstreams=(url,), cassettes=folder, port=0), clock)
        server = await proxy.start()
        try:
            yield server
        finally:
            await proxy.stop(grace=0)


async def test_a_clients_connection_has_one_to_the_upstream(tmp_path: Path) -> None:
    origin = Origin(*(numbered(number) for number in range(5)))
    async with stepped(origin, tmp_path, SteppedClock()) as proxy:
        async with client(proxy.url) as peer:
            for number in range(5):
                await peer.send(asking(number))
                assert await answer_to(peer, asking(number)) == numbered(number)
        await origin.gone.wait()  # it goes with the client
    (requests,) = origin.connections
    assert [request.split(b" ")[1] for request in requests] == [b"/%d" % number for number in range(5)]


async def test_clients_share_no_connection_to_the_upstream(tmp_path: Path) -> None:
    origin = Origin()
    async with (
        stepped(origin, tmp_path, SteppedClock()) as proxy,
        client(proxy.url) as one,
        client(proxy.url) as other,
    ):
        for peer, number in [(one, 1), (other, 2), (one, 3), (other, 4)]:
            await peer.send(asking(number))
            await answer_to(peer, asking(number))
    paths = [[request.split(b" ")[1] for request in requests] for requests in origin.connections]
    assert paths == [[b"/1", b"/3"], [b"/2", b"/4"]]


async def test_each_upstream_has_a_connection_of_its_own(tmp_path: Path) -> None:
    one, other = Origin(numbered(1)), Origin(numbered(2))
    async with upstream(one) as first, upstream(other) as second:
        options = Options(upstreams=(f"/a={first}", f"/b={second}"), cassettes=tmp_path, port=0)
        proxy = Proxy(options, SteppedClock())
        server = await proxy.start()
        async with client(server.url) as peer:
            for path, number in [(b"/a", 1), (b"/b", 2), (b"/a", 1), (b"/b", 2)]:
                await peer.send(b"GET %b HTTP/1.1\r\nHost: c\r\n\r\n" % path)
                assert await answer_to(peer, b"GET") == numbered(number)
        await proxy.stop(grace=0)
    assert [len(requests) for requests in one.connections] == [2]
    assert [len(requests) for requests in other.connections] == [2]


@pytest.mark.parametrize("count", [2, 50])
async def test_requests_that_come_at_once_are_answered_in_order(count: int, tmp_path: Path) -> None:
    """The upstream gets one only when the one before is answered."""
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        for number in range(count):
            came = b""
            while not came.endswith(b"\r\n\r\n"):
                data = await peer.read()
                assert data
                came += data
            await noticed()
            heard.append(came)
            await peer.send(numbered(number))

    requests = [asking(number) for number in range(count - 1)] + [get(b"/%d" % (count - 1))]
    answers = [numbered(number) for number in range(count)]
    async with recorded(script, tmp_path) as proxy:
        got, how = await ask(proxy.url, b"".join(requests))
    assert (got, how) == (b"".join([*answers[:-1], closing(answers[-1])]), "eof")
    assert [request.split(b" ")[1] for request in heard] == [b"/%d" % number for number in range(count)]
    cassettes = recordings(tmp_path)
    assert [each.request.target for each in cassettes if each.request] == [b"/%d" % n for n in range(count)]
    async with replayer(cassettes) as mock:
        assert await ask(mock.url, b"".join(requests)) == (got, "eof")


async def test_requests_with_bodies_that_come_at_once_are_told_apart(tmp_path: Path) -> None:
    requests = [
        b"POST /a HTTP/1.1\r\nHost: c\r\nContent-Length: 5\r\n\r\nGET /",
        b"POST /b HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
        get(b"/c"),
    ]
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path, keep_host=True) as proxy:
        assert await ask(proxy.url, b"".join(requests)) == (OK + OK + closing(OK), "eof")
    (heard,) = origin.connections
    assert heard[:2] == requests[:2]
    assert [each.request.body for each in recordings(tmp_path) if each.request] == [b"GET /", b"GET /", b""]


async def test_a_request_that_dribbles_in_is_one_request(tmp_path: Path) -> None:
    whole = (
        b"POST /caf\xe9 HTTP/1.1\r\nHost: client.test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nask"
    )
    origin = Origin()
    async with (
        upstream(origin) as url,
        recorder(url, tmp_path, keep_host=True) as proxy,
        client(proxy.url) as peer,
    ):
        for at in range(len(whole)):
            await peer.send(whole[at : at + 1])
            await asyncio.sleep(0)
        assert await peer.rest() == (closing(OK), "eof")
    assert origin.requests == [whole.replace(b"Connection: close\r\n", b"")]


async def test_a_head_that_is_torn_by_the_answer_to_the_request_before_is_one_head(tmp_path: Path) -> None:
    first, second = asking(1), get(b"/2")
    async with recorded(Origin(), tmp_path) as proxy:
        for torn_at in (30, 1, 5, len(second) - 1):
            async with client(proxy.url) as peer:
                await peer.send(first + second[:torn_at])
                assert await peer.until(b"ok") == OK
                await noticed()  # that the answer is all
                await peer.send(second[torn_at:])
                assert await peer.rest() == (closing(OK), "eof")


IDLE = 1_000_000


@pytest.mark.parametrize(("idle", "connections"), [(0, 1), (IDLE, 1), (IDLE + 1, 2), (60 * IDLE, 2)])
async def test_a_connection_that_idled_for_over_a_second_is_not_used_again(
    idle: int, connections: int, tmp_path: Path
) -> None:
    clock = SteppedClock()
    origin = Origin(numbered(1), numbered(2))
    async with stepped(origin, tmp_path, clock) as proxy, client(proxy.url) as peer:
        await peer.send(asking(1))
        assert await answer_to(peer, asking(1)) == numbered(1)
        clock.time += idle
        await peer.send(asking(2))
        assert await answer_to(peer, asking(2)) == numbered(2)
    assert len(origin.connections) == connections


async def test_a_long_stream_is_no_idleness(tmp_path: Path) -> None:
    clock = SteppedClock()

    class Slow(Origin):
        async def __call__(self, peer: Peer) -> None:
            clock.time += 600 * IDLE
            await super().__call__(peer)

    origin = Slow(numbered(1), numbered(2))
    async with stepped(origin, tmp_path, clock) as proxy, client(proxy.url) as peer:
        for number in (1, 2):
            await peer.send(asking(number))
            assert await answer_to(peer, asking(number)) == numbered(number)
    assert len(origin.connections) == 1


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_an_upstream_that_leaves_between_two_requests_is_connected_to_again(
    how: str, tmp_path: Path
) -> None:
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        heard.append(await peer.request())
        await peer.send(numbered(len(heard)))
        if len(heard) == 2:
            await peer.rest()
        await leave.wait()
        if how == "reset":
            peer.reset()
        else:
            peer.close()
        await asyncio.sleep(0)
        left.give()

    leave, left = Turns(), Turns()
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(asking(1))
        assert await answer_to(peer, asking(1)) == numbered(1)
        leave.give()
        await left.wait()
        await noticed()
        await peer.send(asking(2))
        assert await answer_to(peer, asking(2)) == numbered(2)
    assert [each.ending for each in recordings(tmp_path)] == [Ending.CLEAN, Ending.CLEAN]


async def noticed() -> None:
    """Lets the event loop, which all sides share, hand on what the kernel has: a few turns of it."""
    for _ in range(10):
        await asyncio.sleep(0)


NOT_KEPT = {
    "says that it closes": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "speaks the old version": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "sends more than its answer": OK + b"surplus",
    "sends an answer nobody asked for": OK + OK,
    "answers HEAD's way with a body": b"HTTP/1.1 204 No Content\r\n\r\nbody",
    "answers HEAD's way with a chunked body": b"HTTP/1.1 304 Not Modified\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("answer", NOT_KEPT.values(), ids=NOT_KEPT.keys())
async def test_a_connection_that_can_not_be_trusted_is_not_used_again(answer: bytes, tmp_path: Path) -> None:
    origin = Origin(answer, numbered(2))
    async with stepped(origin, tmp_path, SteppedClock()) as proxy, client(proxy.url) as peer:
        await peer.send(asking(1))
        first = await answer_to(peer, asking(1))
        assert b"surplus" not in first
        await peer.send(asking(2))
        assert await answer_to(peer, asking(2)) == numbered(2)
    assert len(origin.connections) == 2


async def test_an_answer_that_nobody_asked_for_reaches_nobody(tmp_path: Path) -> None:
    heard: list[bytes] = []
    sent_more = Turns()
    ask_more = Turns()

    async def script(peer: Peer) -> None:
        heard.append(await peer.request())
        await peer.send(numbered(len(heard)))
        if len(heard) == 1:
            await ask_more.wait()
            await peer.send(numbered(666))
            sent_more.give()
        await peer.rest()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(asking(1))
        assert await answer_to(peer, asking(1)) == numbered(1)
        ask_more.give()
        await sent_more.wait()
        await noticed()
        await peer.send(asking(2))
        assert await answer_to(peer, asking(2)) == numbered(2)


async def test_an_old_style_kept_connection_of_the_upstream_is_used_again(tmp_path: Path) -> None:
    kept = b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"
    origin = Origin(kept)
    async with stepped(origin, tmp_path, SteppedClock()) as proxy, client(proxy.url) as peer:
        for number in (1, 2):
            await peer.send(asking(number))
            assert await answer_to(peer, asking(number)) == OK
    assert len(origin.connections) == 1


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nok"
BODILESS = b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"
CLOSE, KEEP = b"Connection: close\r\n", b"Connection: keep-alive\r\n"


def kept_open(answer: bytes) -> bytes:
    return closing(answer).replace(CLOSE, KEEP)


OLD = closing(UNFRAMED).replace(b"X: 1\r\n", b"")
# The version, what the client says of its connection, the answer, what the client gets, whether it can go on.
KEEPING = [
    ("1.1", b"", OK, OK, True),
    ("1.1", KEEP, OK, OK, True),
    ("1.1", b"connection: Keep-Alive, x\r\nKeep-Alive: timeout=9\r\n", OK, OK, True),
    ("1.1", CLOSE, OK, closing(OK), False),
    ("1.1", b"connection: x, CLOSE\r\n", OK, closing(OK), False),
    ("1.1", b"", CHUNKED, CHUNKED, True),
    ("1.1", CLOSE, CHUNKED, closing(CHUNKED), False),
    ("1.1", b"", UNFRAMED, closing(UNFRAMED), False),
    ("1.1", b"", BODILESS, BODILESS, True),
    ("1.0", b"", OK, closing(OK), False),
    ("1.0", CLOSE, OK, closing(OK), False),
    ("1.0", KEEP, OK, kept_open(OK), True),
    ("1.0", KEEP, BODILESS, kept_open(BODILESS), True),
    ("1.0", KEEP, CHUNKED, OLD, False),
    ("1.0", b"", CHUNKED, OLD, False),
    ("1.0", KEEP, UNFRAMED, closing(UNFRAMED), False),
]


@pytest.mark.parametrize(
    "upstream_says", [b"", b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", CLOSE]
)
@pytest.mark.parametrize(("version", "says", "answer", "got", "goes_on"), KEEPING)
async def test_whether_a_connection_goes_on_is_between_each_two(
    version: str, says: bytes, answer: bytes, got: bytes, goes_on: bool, upstream_says: bytes, tmp_path: Path
) -> None:
    """What the upstream does with its own is nothing to the client, save where it tells the body's end."""
    first = b"GET /1 HTTP/%b\r\nHost: client.test\r\n%b\r\n" % (version.encode(), says)
    last = get(b"/2")
    line, _, rest = answer.partition(b"\r\n")
    told = line + b"\r\n" + upstream_says + rest

    async def script(peer: Peer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            if b"GET /1 " in await peer.request():
                await peer.send(told)
                if answer is UNFRAMED or upstream_says is CLOSE:
                    return
                await peer.request()
            await peer.send(OK)
            await peer.rest()

    asked, wanted = (first + last, got + closing(OK)) if goes_on else (first, got)
    async with recorded(script, tmp_path) as proxy:
        assert await ask(proxy.url, asked) == (wanted, "eof")
    async with replayer(recordings(tmp_path)) as mock:
        assert await ask(mock.url, asked) == (wanted, "eof")


@pytest.mark.parametrize("fields", [b"", CLOSE])
async def test_an_empty_line_behind_a_body_is_no_request(fields: bytes, tmp_path: Path) -> None:
    """Old clients send one (RFC 9112, section 2.2)."""
    odd = b"POST / HTTP/1.1\r\nHost: c\r\n%bContent-Length: 3\r\n\r\nask\r\n" % fields
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy:
        if fields:
            assert await ask(proxy.url, odd) == (closing(OK), "eof")
        else:
            assert await ask(proxy.url, odd + get()) == (OK + closing(OK), "eof")
    assert len(origin.connections) == 1


async def test_an_http_10_client_needs_no_host(tmp_path: Path) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path / "default") as proxy:
        assert await ask(proxy.url, b"GET / HTTP/1.0\r\nX: 1\r\n\r\n") == (closing(OK), "eof")
    assert origin.requests == [
        b"GET / HTTP/1.1\r\nHost: %b\r\nX: 1\r\n\r\n" % url.removeprefix("http://").encode()
    ]


async def test_two_clients_share_no_cookies(tmp_path: Path) -> None:
    cookie = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: who=one; Path=/\r\nSet-Cookie: b=c\r\nContent-Length: 2\r\n\r\nok"
    )
    origin = Origin(cookie, OK, OK)
    async with upstream(origin) as url:
        by_name = url.replace("127.0.0.1", "localhost")  # cookie jars take none of addresses
        async with recorder(by_name, tmp_path) as proxy:
            assert await ask(proxy.url, get()) == (closing(cookie), "eof")
            assert await ask(proxy.url, get()) == (closing(OK), "eof")
            assert await ask(proxy.url, get(fields=b"Cookie: who=two\r\n")) == (closing(OK), "eof")
    one, two, three = origin.requests
    assert b"ookie" not in one + two
    assert three.count(b"Cookie: who=two\r\n") == three.count(b"ookie") == 1
