"""How a response's body is framed passes: what tells its end, and what comes before and behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from sseproxy.exchange import Ending, Framing
from tests.support.captures import captures, play
from tests.support.net import Peer, Turns, client, fetch, only_cassette, recorded, replayer
from tests.support.wire import Response
from tests.transparency.support import OK, closing, get, replayed, sent, trip

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    answer: bytes
    framing: Framing
    body: bytes = b""
    method: bytes = b"GET"
    ending: Ending = Ending.CLEAN
    differs: bytes = b""
    """What the client gets, but for Connection, where that is not the same."""
    closes: bool = False
    """Whether the upstream closes the connection behind it."""
    replays_alike: bool = True
    """Whether a replay's bytes are the recording's: it makes a chunk of each arrival."""

    @property
    def passed(self) -> bytes:
        return closing(self.differs or self.answer)


def head(status: bytes, fields: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\n%b\r\n" % (status, fields)


LENGTH_2 = b"Content-Length: 2\r\n"
# fmt: off
CASES = [
    Case("length", OK, Framing.LENGTH, b"ok"),
    Case("length of nothing", head(b"200 OK", b"Content-Length: 0\r\n"), Framing.LENGTH),
    Case("length with zeros", head(b"200 OK", b"Content-Length: 0002\r\n") + b"ok",
         Framing.LENGTH, b"ok"),
    Case("close", head(b"200 OK") + b"ok", Framing.CLOSE, b"ok", ending=Ending.EOF_UNFRAMED, closes=True),
    Case("close with nothing", head(b"200 OK"), Framing.CLOSE, ending=Ending.EOF_UNFRAMED, closes=True),
    Case("close after a chunk of text", head(b"200 OK") + b"2\r\nok\r\n0\r\n\r\n", Framing.CLOSE,
         b"2\r\nok\r\n0\r\n\r\n", ending=Ending.EOF_UNFRAMED, closes=True),
    Case("chunked", CHUNKED + b"2\r\nok\r\n0\r\n\r\n", Framing.CHUNKED, b"ok"),
    Case("chunked nothing", CHUNKED + b"0\r\n\r\n", Framing.CHUNKED),
    Case("chunks of several sizes", CHUNKED + b"1\r\na\r\n3\r\nbcd\r\n1\r\ne\r\n0\r\n\r\n", Framing.CHUNKED,
         b"abcde", replays_alike=False),
    Case("chunk sizes spelled otherwise", CHUNKED + b"000A\r\n0123456789\r\n00\r\n\r\n", Framing.CHUNKED,
         b"0123456789", differs=CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n"),
    Case("chunk extensions", CHUNKED + b'2;a=b;c="d;e"\r\nok\r\n0;last\r\n\r\n', Framing.CHUNKED, b"ok",
         differs=CHUNKED + b"2\r\nok\r\n0\r\n\r\n"),
    Case("trailers", CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nx-sum: \xff\r\nX-Empty: \r\n\r\n",
         Framing.CHUNKED, b"ok"),
    Case("chunked in another spelling", CHUNKED.replace(b"chunked", b"Chunked") + b"2\r\nok\r\n0\r\n\r\n",
         Framing.CHUNKED, b"ok"),
    Case("binary", CHUNKED + b"100\r\n" + bytes(range(256)) + b"\r\n0\r\n\r\n",
         Framing.CHUNKED, bytes(range(256))),
    Case("HEAD with a length", head(b"200 OK", b"Content-Length: 1234\r\n"), Framing.NONE, method=b"HEAD"),
    Case("HEAD of a chunked body", CHUNKED, Framing.NONE, method=b"HEAD"),
    Case("HEAD without either", head(b"200 OK"), Framing.NONE, method=b"HEAD"),
    Case("204", head(b"204 No Content"), Framing.NONE),
    Case("204 with a length", head(b"204 No Content", b"Content-Length: 0\r\n"), Framing.NONE),
    Case("304", head(b"304 Not Modified", b'ETag: "a"\r\n'), Framing.NONE),
    Case("304 with a length", head(b"304 Not Modified", b"Content-Length: 1234\r\n"), Framing.NONE),
    Case("304 of a chunked body", head(b"304 Not Modified", b"Transfer-Encoding: chunked\r\n"), Framing.NONE),
    Case("205 with a length", head(b"205 Reset Content", b"Content-Length: 0\r\n"), Framing.LENGTH),
    Case("gzip", head(b"200 OK", b"Content-Encoding: gzip\r\n" + LENGTH_2) + b"\x1f\x8b",
         Framing.LENGTH, b"\x1f\x8b"),
    Case("an unknown coding", head(b"200 OK", b"Content-Encoding: a, br, deflate\r\n" + LENGTH_2) + b"ok",
         Framing.LENGTH, b"ok"),
    Case("partial", head(b"206 Partial Content", b"Content-Range: bytes 0-1/9\r\n" + LENGTH_2) + b"ok",
         Framing.LENGTH, b"ok"),
]
# fmt: on
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
async def test_a_body_passes_in_its_framing_and_is_replayed_in_it(case: Case, tmp_path: Path) -> None:
    done = await trip(get(method=case.method), tmp_path, case.answer, closes=case.closes)
    assert done.upstream == sent(method=case.method)
    assert done.client == case.passed
    assert done.how == "eof"
    assert done.cassette.response
    assert done.cassette.response.framing is case.framing
    assert done.cassette.body == case.body
    assert done.cassette.ending is case.ending
    again = await replayed(done.cassettes, get(method=case.method))
    if case.replays_alike:
        assert again == done.client
    else:
        assert again.partition(b"\r\n\r\n")[0] == done.client.partition(b"\r\n\r\n")[0]
        assert Response.of(b"GET", again, "eof").body == case.body


@each_case
async def test_an_http_10_client_gets_the_same_content_in_what_it_understands(
    case: Case, tmp_path: Path
) -> None:
    request = b"%b / HTTP/1.0\r\n\r\n" % case.method
    done = await trip(request, tmp_path, case.answer, closes=case.closes)
    assert done.upstream == sent(method=case.method)
    got_head, _, body = done.client.partition(b"\r\n\r\n")
    assert body == case.body
    wanted = [
        line
        for line in case.passed.partition(b"\r\n\r\n")[0].split(b"\r\n")
        if not line.startswith(b"Transfer-Encoding")
    ]
    assert got_head.split(b"\r\n") == wanted
    assert done.how == "eof"
    assert await replayed(done.cassettes, request) == done.client


METHODS = [
    b"PUT",
    b"PATCH",
    b"DELETE",
    b"TRACE",
    b"OPTIONS",
    b"PROPFIND",
    b"M-SEARCH",
    b"FROB",
    b"get",
    b"A!#$%&'*+-.^_`|~",
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("body", [b"", b"ask"])
async def test_any_method_passes_with_and_without_a_body(method: bytes, body: bytes, tmp_path: Path) -> None:
    fields = b"Content-Length: %d\r\n" % len(body) if body else b""
    request = get(fields=fields, method=method, body=body)
    done = await trip(request, tmp_path)
    assert done.upstream == sent(fields=fields, method=method, body=body)
    assert done.client == closing(OK)
    assert done.cassette.request
    assert done.cassette.request.method == method.decode()
    assert await replayed(done.cassettes, request) == done.client


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS"])
async def test_a_body_passes_where_there_rarely_is_one(method: bytes, tmp_path: Path) -> None:
    fields = b"Transfer-Encoding: chunked\r\n"
    answer = head(b"200 OK", b"Content-Length: 0\r\n")
    request = get(fields=fields, method=method, body=b"3\r\nask\r\n0\r\n\r\n")
    done = await trip(request, tmp_path, answer)
    assert done.upstream == sent(fields=fields, method=method, body=b"3\r\nask\r\n0\r\n\r\n")
    assert done.client == closing(answer)
    assert done.cassette.request
    assert done.cassette.request.body == b"ask"


INTERIM = [
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b>\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 199 Nobody Knows\r\nX: \xff\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: 2\r\n\r\nHTTP/1.1 100 \r\n\r\n",
]


@pytest.mark.parametrize("interim", INTERIM)
async def test_interim_answers_pass_to_a_client_that_knows_them(interim: bytes, tmp_path: Path) -> None:
    done = await trip(get(), tmp_path / "new", interim + OK)
    assert done.client == interim + closing(OK)
    assert await replayed(done.cassettes, get()) == closing(OK)
    old = await trip(b"GET / HTTP/1.0\r\n\r\n", tmp_path / "old", interim + OK)
    assert old.client == closing(OK)


async def test_an_interim_answer_comes_before_the_upstream_says_more(tmp_path: Path) -> None:
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(INTERIM[0])
        await turns.wait()
        await peer.send(OK)

    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(get())
        assert await peer.until(b"\r\n\r\n") == INTERIM[0]
        turns.give()
        assert await peer.rest() == (closing(OK), "eof")


async def test_each_read_is_forwarded_before_the_next_one_comes(tmp_path: Path) -> None:
    """A head alone, half an event, framing without content: nothing waits for what belongs to it."""
    pieces = [CHUNKED, b"8\r\ndata: a\n\r\n", b"9\r\n\ndata: b\n\r\n", b"1\r\n\n\r\n", b"0\r\n", b"\r\n"]
    turns = Turns()

    async def script(peer: Peer) -> None:
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
            await turns.wait()

    got = Response(get())
    sent_so_far = Response(get())
    async with recorded(script, tmp_path) as proxy, client(proxy.url) as peer:
        await peer.send(get())
        for piece in pieces:
            sent_so_far.feed(piece)
            while (bool(got.head), got.body, got.complete) != (True, sent_so_far.body, sent_so_far.complete):
                got.feed(await peer.read())
            turns.give()
    assert got.body == b"data: a\n\ndata: b\n\n"


async def test_a_preflight_passes_with_its_answer(tmp_path: Path) -> None:
    capture = captures()["preflight"]
    real = capture.response()
    async with recorded(play(capture, timed=False), tmp_path) as proxy:
        first = await fetch(proxy.url, capture.request)
    ours = [pair for pair in real.headers if pair[0].lower() != b"connection"]
    assert first.status == 204
    assert first.headers == [*ours, (b"Connection", b"close")]
    cassette = only_cassette(tmp_path)
    assert cassette.request
    assert cassette.request.method == "OPTIONS"
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, capture.request)
    assert again.raw == first.raw
