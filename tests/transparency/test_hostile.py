"""Requests that another hop may read differently, and what is no request: refused, never passed on."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from sseproxy.exchange import Ending
from tests.support.net import Peer, Turns, client, only_cassette, recorded, recorder, replayer, upstream
from tests.support.wire import How, Response
from tests.transparency.support import OK, Origin, closing, get, recordings, trip

HOST = b"Host: client.test\r\n"
GOOD = b"GET /good HTTP/1.1\r\n" + HOST + b"\r\n"
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    sends: bytes
    statuses: tuple[int, ...] = (400,)
    any_method: bool = True
    """Whether it is one with an unusual method too, which another parser reads."""


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


def heading(fields: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n"


def line(first: bytes) -> bytes:
    return first + b"\r\n" + HOST + b"\r\n"


TE, LAST = b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"
# fmt: off
ATTACKS = [
    # The length of the body, told in two ways or in none that is understood.
    Attack("length and chunked", post(b"Content-Length: 5\r\n" + TE, LAST)),
    Attack("chunked and length", post(TE + b"Content-Length: 5\r\n", LAST)),
    Attack("two lengths alike", post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello")),
    Attack("two lengths", post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello")),
    Attack("two lengths in a list", post(b"Content-Length: 5, 5\r\n", b"hello")),
    Attack("length with a plus", post(b"Content-Length: +5\r\n", b"hello")),
    Attack("length with a minus", post(b"Content-Length: -5\r\n", b"hello")),
    Attack("length in hex", post(b"Content-Length: 0x5\r\n", b"hello")),
    Attack("length with an underscore", post(b"Content-Length: 1_0\r\n", b"hello")),
    Attack("length with a space", post(b"Content-Length: 5 5\r\n", b"hello")),
    Attack("no length in the length", post(b"Content-Length:\r\n")),
    Attack("length in other digits", post("Content-Length: ٣\r\n".encode(), b"abc")),
    Attack("length in a superscript", post("Content-Length: ³\r\n".encode(), b"abc")),
    Attack("length beyond 64 bits", post(b"Content-Length: 99999999999999999999999\r\n", b"hello")),
    Attack("length of 5,000 digits", post(b"Content-Length: " + b"1" * 5000 + b"\r\n", b"hello")),
    Attack("chunked twice", post(b"Transfer-Encoding: chunked, chunked\r\n", LAST)),
    Attack("chunked twice in two fields", post(TE + TE, LAST)),
    Attack("gzip", post(b"Transfer-Encoding: gzip\r\n")),
    Attack("gzip and chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", LAST)),
    Attack("chunked and gzip", post(b"Transfer-Encoding: chunked, gzip\r\n", LAST)),
    Attack("chunked and identity", post(TE + b"Transfer-Encoding: identity\r\n", LAST)),
    Attack("identity", post(b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n", b"abc")),
    Attack("nearly chunked", post(b"Transfer-Encoding: xchunked\r\n", LAST)),
    Attack("chunked with a parameter", post(b"Transfer-Encoding: chunked;a=b\r\n", LAST)),
    Attack("chunked in quotes", post(b'Transfer-Encoding: "chunked"\r\n', LAST)),
    Attack("chunked behind a control", post(b"Transfer-Encoding: \x0bchunked\r\n", LAST)),
    Attack("no coding in the coding", post(b"Transfer-Encoding:\r\nContent-Length: 3\r\n", b"abc")),
    Attack("a comma for a coding", post(b"Transfer-Encoding: ,\r\nContent-Length: 3\r\n", b"abc")),
    Attack("chunked in HTTP/1.0", b"POST / HTTP/1.0\r\n" + HOST + TE + b"\r\n" + LAST),

    # The chunks of a body. All of this comes in one read.
    Attack("chunk size of letters", chunked(b"zz\r\nhello\r\n" + LAST)),
    Attack("chunk size with 0x", chunked(b"0x5\r\nhello\r\n" + LAST)),
    Attack("chunk size with a minus", chunked(b"-5\r\nhello\r\n" + LAST)),
    Attack("chunk size with a plus", chunked(b"+5\r\nhello\r\n" + LAST)),
    Attack("chunk size with a space before", chunked(b" 5\r\nhello\r\n" + LAST)),
    Attack("chunk size with a space behind", chunked(b"5 \r\nhello\r\n" + LAST)),
    Attack("no chunk size", chunked(b"\r\nhello\r\n" + LAST)),
    Attack("chunk size beyond 64 bits", chunked(b"fffffffffffffffff\r\nhello\r\n" + LAST), any_method=False),
    Attack("chunk size ended by LF", chunked(b"5\nhello\r\n" + LAST)),
    Attack("chunk extension with LF", chunked(b"5;a\nb\r\nhello\r\n" + LAST)),
    Attack("chunk longer than its size", chunked(b"3\r\nhello\r\n" + LAST)),
    Attack("chunk not ended", chunked(b"5\r\nhello" + LAST)),
    Attack("chunk ended by LF", chunked(b"5\r\nhello\n" + LAST)),
    Attack("trailer without a colon", chunked(b"0\r\nno colon\r\n\r\n")),
    Attack("trailer with a space in its name", chunked(b"0\r\nX : 1\r\n\r\n")),
    Attack("trailer ended by LF", chunked(b"0\r\nX: 1\n\r\n")),
    Attack("trailer ended by two CRs", chunked(b"0\r\nX: 1\r\r\n\r\n")),
    Attack("trailers ended by LF", chunked(b"0\r\nX: 1\r\n\n")),
    Attack("folded trailer", chunked(b"0\r\nX: 1\r\n 2\r\n\r\n")),
    Attack("trailer with a NUL", chunked(b"0\r\nX: \0\r\n\r\n")),
    Attack("trailer without a name", chunked(b"0\r\n: 1\r\n\r\n")),
    Attack("trailers of a megabyte", chunked(b"0\r\n" + b"X: 1\r\n" * (MEGABYTE // 6) + b"\r\n")),

    # Lines and fields.
    Attack("folded field", heading(b"X: a\r\n b\r\n")),
    Attack("folded field with a tab", heading(b"X: a\r\n\tb\r\n")),
    Attack("fold that hides a coding", post(b"X: a\r\n Transfer-Encoding: chunked\r\n", LAST)),
    Attack("space before the first field", b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n"),
    Attack("LF for all line ends", b"GET / HTTP/1.1\nHost: client.test\n\n"),
    Attack("LF behind the request line", b"GET / HTTP/1.1\nHost: client.test\r\n\r\n"),
    Attack("LF within a value", heading(b"X: a\nY: b\r\n")),
    Attack("LF for the last line end", b"GET / HTTP/1.1\r\n" + HOST + b"\n"),
    Attack("CR within a value", heading(b"X: a\rY: b\r\n")),
    Attack("CR behind the request line", b"GET / HTTP/1.1\r" + HOST + b"\r\n"),
    Attack("NUL within a value", heading(b"X: a\0b\r\n")),
    Attack("NUL within a name", heading(b"X\0: a\r\n")),
    Attack("NUL within the target", line(b"GET /\0 HTTP/1.1")),
    Attack("control within a value", heading(b"X: a\x01b\r\n")),
    Attack("DEL within a value", heading(b"X: a\x7fb\r\n")),
    Attack("space before the colon", heading(b"X : a\r\n")),
    Attack("tab before the colon", heading(b"X\t: a\r\n")),
    Attack("coding with a space before the colon", post(b"Transfer-Encoding : chunked\r\n", LAST)),
    Attack("length with a space before the colon", post(b"Content-Length : 5\r\n", b"hello")),
    Attack("empty name", heading(b": a\r\n")),
    Attack("no colon", heading(b"Xa\r\n")),
    Attack("name that is not ASCII", heading(b"X\xe9: a\r\n")),
    Attack("name in parentheses", heading(b"(X): a\r\n")),

    # The request line.
    Attack("tab in the target", line(b"GET /\ta HTTP/1.1")),
    Attack("DEL in the target", line(b"GET /\x7f HTTP/1.1")),
    Attack("space in the target", line(b"GET /a b HTTP/1.1")),
    Attack("space before the method", line(b" GET / HTTP/1.1")),
    Attack("two spaces behind the method", line(b"GET  / HTTP/1.1")),
    Attack("two spaces behind the target", line(b"GET /  HTTP/1.1")),
    Attack("space behind the version", line(b"GET / HTTP/1.1 ")),
    Attack("tabs for spaces", line(b"GET\t/\tHTTP/1.1")),
    Attack("method with an at sign", line(b"G@T / HTTP/1.1")),
    Attack("method that is not ASCII", line(b"G\xc3\xa9T / HTTP/1.1")),
    Attack("target without a slash", line(b"GET foo HTTP/1.1")),
    Attack("target of a query", line(b"GET ?a HTTP/1.1")),
    Attack("target of a star", line(b"GET * HTTP/1.1")),
    Attack("target of another scheme", line(b"GET ftp://a/b HTTP/1.1")),
    Attack("target without an authority", line(b"GET http:///b HTTP/1.1")),
    Attack("target with half an authority", line(b"GET http:/b HTTP/1.1")),
    Attack("target with a port of letters", line(b"GET http://a:b/ HTTP/1.1")),
    Attack("no version", b"GET /\r\n\r\n"),
    Attack("version 0.9", line(b"GET / HTTP/0.9"), (505,)),
    Attack("version 2.0", line(b"GET / HTTP/2.0"), (505,)),
    Attack("version 1.2", line(b"GET / HTTP/1.2"), (400, 505)),
    Attack("version 1", line(b"GET / HTTP/1")),
    Attack("version 1.10", line(b"GET / HTTP/1.10")),
    Attack("version in lower case", line(b"GET / http/1.1")),
    Attack("another protocol", line(b"PLAY / RTSP/1.0")),
    Attack("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    Attack("CONNECT", b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n", (405,)),
    Attack("CONNECT and a path", line(b"CONNECT /a HTTP/1.1"), (405,)),

    # Whom it is for.
    Attack("no Host", b"GET / HTTP/1.1\r\n\r\n"),
    Attack("two Hosts", heading(b"hOST: other.test\r\n")),
    Attack("two Hosts alike", heading(HOST)),
    Attack("two Hosts in HTTP/1.0", b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n"),

    # Too much.
    Attack("head of a megabyte", heading(b"X: " + b"x" * MEGABYTE + b"\r\n"), (431,)),
    Attack("head of a megabyte in small fields", heading(b"X: x\r\n" * 200_000), (431,)),
    Attack("head just over the bound", heading(b"X: x\r\n" * 11_000), (431,)),
    Attack("name of a megabyte", heading(b"x" * MEGABYTE + b": 1\r\n"), (431,)),
    Attack("target of a megabyte", line(b"GET /" + b"x" * MEGABYTE + b" HTTP/1.1"), (431,)),
    Attack("target of a megabyte, no ASCII", line(b"GET /" + b"\xe9" * MEGABYTE + b" HTTP/1.1"), (431,)),
    Attack("method of a megabyte", line(b"G" * MEGABYTE + b" / HTTP/1.1"), (431,)),

    # No HTTP at all.
    Attack("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256))),
    Attack("words", b"hello world\r\n\r\n"),
    Attack("zeros", bytes(100)),
    Attack("bytes above ASCII", b"\xff\xfe\r\n\r\n"),
    Attack("an SSH client", b"SSH-2.0-OpenSSH_9.6\r\n"),
    Attack("an HTTP answer", OK),
]
# fmt: on
each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


def check_refusal(attack: Attack, got: bytes, how: How) -> None:
    """The client has a whole answer of one line, and the connection's end behind it."""
    answer = Response.of(b"GET", got, how)
    assert answer.status in attack.statuses
    assert answer.fate == "whole"
    assert answer.header(b"connection") == b"close"
    assert re.fullmatch(rb"sseproxy: [ -~]{1,250}\n", answer.body)


async def refused(url: str, attack: Attack, sends: bytes, before: bytes = b"") -> None:
    """Sends it behind what has come before."""
    async with client(url) as peer:
        peer.writer.write(sends)  # and does not wait till all is taken: it may never be
        got, how = await peer.rest()
        assert got.startswith(before)
        check_refusal(attack, got.removeprefix(before), how)


@each_attack
async def test_it_is_refused_by_the_recorder_and_nobody_hears_of_it(attack: Attack, tmp_path: Path) -> None:
    origin = Origin()
    folder = tmp_path / "cassettes"
    async with upstream(origin) as url, recorder(url, folder) as proxy:
        await refused(proxy.url, attack, attack.sends)
        assert origin.connections == []
        assert not folder.exists()
        # A request in good order is heard, and would be heard behind anything that was passed on before it.
        async with client(proxy.url) as peer:
            await peer.send(get(b"/after"))
            assert await peer.rest() == (closing(OK), "eof")
    assert [request.split(b" ")[1] for request in origin.requests] == [b"/after"]
    assert [each.request.target for each in recordings(folder) if each.request] == [b"/after"]


@pytest.mark.parametrize(
    "attack",
    # Of these trailers a connection in use takes two reads, and the request is under way after the first: see
    # what comes later in an upload.
    [each for each in ATTACKS if each.name != "trailers of a megabyte"],
    ids=lambda attack: attack.name,
)
async def test_it_is_refused_on_a_connection_that_has_been_in_use(attack: Attack, tmp_path: Path) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(GOOD)
        assert await peer.until(b"ok") == OK
        peer.writer.write(attack.sends)
        check_refusal(attack, *await peer.rest())
    assert [[request.split(b" ")[1] for request in each] for each in origin.connections] == [[b"/good"]]
    assert [each.request.target for each in recordings(tmp_path) if each.request] == [b"/good"]


@pytest.mark.parametrize(
    "attack",
    [each for each in ATTACKS if each.any_method and each.sends.startswith((b"GET /", b"POST /"))],
    ids=lambda attack: attack.name,
)
async def test_it_is_refused_by_the_parser_for_what_is_unusual_too(attack: Attack, tmp_path: Path) -> None:
    origin = Origin()
    folder = tmp_path / "cassettes"
    async with upstream(origin) as url, recorder(url, folder) as proxy:
        await refused(proxy.url, attack, re.sub(rb"^[A-Z]+", b"FROB", attack.sends))
    assert origin.connections == []
    assert not folder.exists()


@each_attack
async def test_it_is_refused_by_the_mock_server(attack: Attack, tmp_path: Path) -> None:
    async with replayer([]) as mock:
        await refused(mock.url, attack, attack.sends)
        async with client(mock.url) as peer:
            await peer.send(get())
            assert (await peer.rest())[0].startswith(b"HTTP/1.1 404 ")


PIPELINED = [
    each
    for each in ATTACKS
    # Behind another request llhttp alone reads these: it waits for more, or makes good requests of them.
    if each.name not in {"another protocol", "two spaces behind the method", "two spaces behind the target"}
    and not each.sends.startswith((b"SSH", b"HTTP", b"GET /\r\n"))
]


@pytest.mark.parametrize("attack", PIPELINED, ids=lambda attack: attack.name)
async def test_it_is_never_passed_on_from_behind_another_request(attack: Attack, tmp_path: Path) -> None:
    origin = Origin()
    async with (
        upstream(origin) as url,
        recorder(url, tmp_path / "cassettes") as proxy,
        client(proxy.url) as peer,
    ):
        peer.writer.write(GOOD + attack.sends)
        got, how = await peer.rest()
    assert how == "eof"
    answer = Response.of(b"GET", got.removeprefix(OK), how)
    assert 400 <= answer.status <= 505
    assert answer.fate == "whole"
    assert [request for request in origin.requests if b"/good" not in request] == []


@pytest.mark.parametrize(
    "sends",
    [
        b"zz\r\n",
        b"5\r\nhelloX",
        b"5\nhello",
        b"0\r\nno colon\r\n\r\n",
        b"-1\r\n",
        pytest.param(b"0\r\n" + b"X: 1\r\n" * 11_000 + b"\r\n", id="trailers just over the bound"),
    ],
)
@pytest.mark.parametrize("method", [b"POST", b"FROB"])
async def test_a_malformed_chunk_later_in_an_upload_breaks_the_exchange_off(
    method: bytes, sends: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Turns()
    ended = Turns()
    rest: list[tuple[bytes, How]] = []

    async def script(peer: Peer) -> None:
        await peer.until(b"3\r\nask\r\n")
        heard.give()
        rest.append(await peer.rest())
        ended.give()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(b"%b / HTTP/1.1\r\n" % method + HOST + TE + b"\r\n3\r\nask\r\n")
        await heard.wait()
        await peer.send(sends)
        got, how = await peer.rest()
        await ended.wait()
    check_refusal(Attack("", b""), got, how)
    (left,) = rest
    assert LAST not in left[0]
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    cassette = only_cassette(tmp_path)
    assert cassette.ending is Ending.ERROR
    assert cassette.request
    assert not cassette.request.complete
    assert cassette.response is None


@pytest.mark.parametrize("moments", range(8))
async def test_a_malformed_chunk_is_refused_however_soon_it_comes(moments: int, tmp_path: Path) -> None:
    """Before the request is looked at, while the upstream is connected to, or later."""

    async def script(peer: Peer) -> None:
        await peer.rest()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(b"POST / HTTP/1.1\r\n" + HOST + TE + b"\r\n3\r\nask\r\n")
        for _ in range(moments):
            await asyncio.sleep(0)
        await peer.send(b"zz\r\n")
        check_refusal(Attack("", b""), *await peer.rest())
    assert [each.ending for each in recordings(tmp_path)] in ([], [Ending.ERROR])


@pytest.mark.parametrize("sends", [b"zz\r\n", b"5\r\nhelloX", b"0\r\nno colon\r\n\r\n"])
@pytest.mark.parametrize("method", [b"POST", b"FROB"])
async def test_the_mock_server_refuses_a_malformed_chunk_later_in_an_upload(
    method: bytes, sends: bytes
) -> None:
    async with replayer([]) as mock, client(mock.url) as peer:
        await peer.send(b"%b / HTTP/1.1\r\n" % method + HOST + b"Expect: 100-continue\r\n" + TE + b"\r\n")
        assert await peer.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await peer.send(b"3\r\nask\r\n" + sends)
        check_refusal(Attack("", b""), *await peer.rest())


async def test_a_malformed_chunk_behind_the_beginning_of_an_answer_resets_nothing_into_it(
    tmp_path: Path,
) -> None:
    """A second head must not stand in the body."""
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"

    async def script(peer: Peer) -> None:
        await peer.until(b"3\r\nask\r\n")
        await peer.send(begun)
        await peer.rest()

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(b"POST / HTTP/1.1\r\n" + HOST + TE + b"\r\n3\r\nask\r\n")
        assert await peer.until(b"ok\r\n") == begun
        await peer.send(b"zz\r\n")
        rest, _ = await peer.rest()
    assert rest == b""
    assert only_cassette(tmp_path).ending is Ending.ERROR


@pytest.mark.parametrize("connection", [b"transfer-encoding", b"content-length", b"host, transfer-encoding"])
async def test_connection_can_not_name_away_what_frames_a_request(connection: bytes, tmp_path: Path) -> None:
    fields = b"Connection: %b\r\n" % connection + TE
    done = await trip(get(fields=fields, method=b"POST", body=b"3\r\nask\r\n" + LAST), tmp_path)
    assert done.upstream.endswith(TE + b"\r\n3\r\nask\r\n" + LAST)


async def test_bytes_that_dribble_in_are_judged_as_a_whole(tmp_path: Path) -> None:
    origin = Origin()
    async with (
        upstream(origin) as url,
        recorder(url, tmp_path / "cassettes") as proxy,
        client(proxy.url) as peer,
    ):
        attack = post(b"Content-Length: 5\r\n" + TE, LAST)
        for at in range(len(attack)):
            peer.writer.write(attack[at : at + 1])
        check_refusal(Attack("", b""), *await peer.rest())
    assert origin.connections == []


async def test_an_endless_head_is_refused_before_it_ends(tmp_path: Path) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path / "cassettes") as proxy:
        for begin in (heading(b"")[:-2], b"GET /", b"FROB /", b"FROB / HTTP/1.1\r\n"):
            async with client(proxy.url) as peer:
                peer.writer.write(begin)
                for _ in range(100):
                    peer.writer.write(b"X" * 1000)
                check_refusal(Attack("", b"", (431,)), *await peer.rest())
    assert origin.connections == []


async def test_what_is_refused_can_send_nothing_into_the_log_or_its_own_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    origin = Origin()
    async with upstream(origin) as url, recorder(url, tmp_path) as proxy:
        for sends in (
            b"GET /\x1b[2J\r\x00 HTTP/1.1",
            b"G\x1b[2JT / HTTP/1.1",
            b"G\xc3\xa9" + b"T" * 9999 + b" / HTTP/1.1",
        ):
            async with client(proxy.url) as peer:
                await peer.send(line(sends))
                check_refusal(Attack("", b""), *await peer.rest())
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 3
    assert all(message.isprintable() and len(message) < 300 for message in messages)
