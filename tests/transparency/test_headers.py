"""Heads pass whole, in both directions; what is changed is told apart, and nothing is invented."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.transparency.support import AUTHORITY, OK, closing, get, replayed, sent, trip

ODD = bytes(range(0x80, 0x100))
FIELDS = {
    "none": b"",
    "an order of its own": b"Z: 1\r\nA: 2\r\nM: 3\r\nA: 4\r\n",
    "cases": b"x-lower: 1\r\nX-UPPER: 2\r\nx-MiXeD: 3\r\n",
    "duplicates in several cases": b"X-A: 1\r\nx-a: 1\r\nX-A: 2\r\n",
    "an empty value": b"X-Empty: \r\nX-After: 1\r\n",
    "white space within": b"X: a  b\tc\r\n",
    "bytes that are not ASCII": b"X: " + ODD + b"\r\n",
    "UTF-8": "X: ä日☃\r\n".encode(),
    "odd names": b"!#$%&'*+-.^_`|~09: 1\r\nX_Y: 2\r\n",
    "lists, quotes and commas": b'Accept: a/b;q="0,5" , */*\r\nCookie: a=b; c="d"\r\nCookie: e\r\n',
    "what a proxy might add to": b"Via: 1.1 a\r\nForwarded: for=b\r\nX-Forwarded-For: c\r\nAge: 0\r\n",
    "conditions and ranges": b'If-None-Match: "a"\r\nRange: bytes=0-\r\nIf-Range: "a"\r\n',
    "five hundred": b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(500)),
    "sixty KiB in one": b"X: " + b"x" * 60 * 1024 + b"\r\n",
    "sixty KiB in many": b"".join(b"X-%04d: " % number + b"x" * 110 + b"\r\n" for number in range(500)),
}
each_field = pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS.keys())


def pairs(fields: bytes) -> list[tuple[bytes, bytes]]:
    lines = fields.split(b"\r\n")[:-1]
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]


def without_cookies(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A cassette has their values masked."""
    return [(name, b"" if name == b"Cookie" else value) for name, value in headers]


@each_field
async def test_the_fields_of_a_request_pass_whole_and_stand_in_the_cassette(
    fields: bytes, tmp_path: Path
) -> None:
    done = await trip(get(fields=fields), tmp_path)
    assert done.upstream == sent(fields=fields)
    assert done.client == closing(OK)
    assert done.cassette.request
    wanted = [(b"Host", b"client.test"), *pairs(fields), (b"Connection", b"close")]
    assert without_cookies(done.cassette.request.headers) == without_cookies(wanted)


@each_field
async def test_the_fields_of_a_response_pass_whole_and_are_replayed(fields: bytes, tmp_path: Path) -> None:
    fields = fields.replace(b"Cookie:", b"X-Cake:")  # else the cassette masks it
    answer = b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    done = await trip(get(), tmp_path, answer)
    assert done.client == closing(answer)
    assert done.cassette.response
    assert list(done.cassette.response.headers) == [*pairs(fields), (b"Content-Length", b"2")]
    if b"X-Cake" not in fields:
        assert await replayed(done.cassettes, get()) == done.client


@pytest.mark.parametrize("method", [b"GET", b"FROB"])
@each_field
async def test_an_unusual_method_loses_no_field(method: bytes, fields: bytes, tmp_path: Path) -> None:
    done = await trip(get(fields=fields, method=method), tmp_path)
    assert done.upstream == sent(fields=fields, method=method)


STATUS_LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200 Everything Is  Fine",
    b"HTTP/1.1 200 ",
    b"HTTP/1.1 299 \xc3\xa4\xff",
    b"HTTP/1.1 418 I'm a teapot",
    b"HTTP/1.1 599 Far Out",
]


@pytest.mark.parametrize("line", STATUS_LINES)
async def test_a_status_line_passes_and_is_replayed(line: bytes, tmp_path: Path) -> None:
    answer = line + b"\r\nContent-Length: 2\r\n\r\nok"
    done = await trip(get(), tmp_path, answer)
    assert done.client == closing(answer)
    assert await replayed(done.cassettes, get()) == done.client


async def test_an_upstream_that_speaks_the_old_version_is_answered_for_in_ours(tmp_path: Path) -> None:
    done = await trip(get(), tmp_path, b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert done.client == closing(OK)
    assert done.cassette.response
    assert done.cassette.response.version == "1.0"


@pytest.mark.parametrize("space", [b"", b" ", b"\t", b" \t  "])
async def test_white_space_around_a_value_is_no_part_of_it(space: bytes, tmp_path: Path) -> None:
    before = b"X:" + space + b"a\r\n"
    behind = b"X:" + space + b"a" + space + b"\r\n"
    answer = b"HTTP/1.1 200 OK\r\n" + before + b"Content-Length: 2\r\n\r\nok"
    done = await trip(get(fields=behind), tmp_path, answer)
    assert done.upstream == sent(fields=b"X: a\r\n")
    assert done.client == closing(answer.replace(before, b"X: a\r\n"))


# What concerns one connection alone (RFC 9110, section 7.6.1), and what passes though it may look so.
HOP_BY_HOP = {
    b"Connection: close\r\n": b"",
    b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n": b"",
    b"Proxy-Connection: keep-alive\r\n": b"",
    b"TE: trailers\r\nX: 1\r\n": b"X: 1\r\n",
    b"Connection: TE\r\nTE: trailers, gzip\r\n": b"",
    b"Connection: upgrade\r\nUpgrade: foo/2\r\n": b"",
    b"X-Secret: 1\r\nConnection: x-secret\r\nx-SECRET: 2\r\nX: 1\r\n": b"X: 1\r\n",
    b"Connection: X-A,, \t,X-B\r\nConnection: x-c\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nX-D: 4\r\n": b"X-D: 4\r\n",
    b"Connection: x-\xe9, X-A\r\nX-A: 1\r\n": b"",
    b"Connection:\r\nX: 1\r\n": b"X: 1\r\n",
    b"Trailer: X-Sum\r\n": b"Trailer: X-Sum\r\n",
    b"Proxy-Status: a\r\nWarning: 199 a b\r\n": b"Proxy-Status: a\r\nWarning: 199 a b\r\n",
}
hop_by_hop = pytest.mark.parametrize(("fields", "left"), HOP_BY_HOP.items())


@hop_by_hop
async def test_hop_by_hop_fields_of_a_request_stop_at_the_proxy(
    fields: bytes, left: bytes, tmp_path: Path
) -> None:
    done = await trip(get(fields=fields), tmp_path)
    assert done.upstream == sent(fields=left)
    assert done.client == closing(OK)


@hop_by_hop
async def test_hop_by_hop_fields_of_a_response_stop_at_the_proxy_and_stand_in_the_cassette(
    fields: bytes, left: bytes, tmp_path: Path
) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    done = await trip(get(), tmp_path, answer)
    assert done.client == closing(b"HTTP/1.1 200 OK\r\n" + left + b"Content-Length: 2\r\n\r\nok")
    assert done.cassette.response
    assert len(done.cassette.response.headers) == fields.count(b"\r\n") + 1
    assert await replayed(done.cassettes, get()) == done.client


async def test_credentials_are_for_the_upstream_to_see(tmp_path: Path) -> None:
    credentials = b"Authorization: Basic eA==\r\nProxy-Authorization: Basic eQ==\r\nX-Api-Key: z\r\n"
    done = await trip(get(fields=credentials), tmp_path)
    assert done.upstream == sent(fields=credentials)
    assert done.client == closing(OK)


NEVER_DROPPED = b"Connection: content-length, host, transfer-encoding\r\n"


async def test_what_frames_or_routes_a_message_is_never_dropped(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + NEVER_DROPPED + b"Content-Length: 2\r\n\r\nok"
    request = get(fields=NEVER_DROPPED + b"Content-Length: 2\r\n", method=b"POST", body=b"hi")
    done = await trip(request, tmp_path, answer)
    assert done.upstream == sent(fields=b"Content-Length: 2\r\n", method=b"POST", body=b"hi")
    assert done.client == closing(OK)


ENCODINGS = {
    b"": b"",
    b"Accept-Encoding: gzip, br\r\n": b"Accept-Encoding: identity\r\n",
    b"accept-encoding: gzip;q=0\r\nX: 1\r\nAccept-Encoding: br\r\n": b"accept-encoding: identity\r\nX: 1\r\n",
    b"Accept-Encoding:\r\n": b"Accept-Encoding: identity\r\n",
    b"Accept-Encoding: identity\r\n": b"Accept-Encoding: identity\r\n",
}


@pytest.mark.parametrize(("fields", "asked"), ENCODINGS.items())
async def test_compression_is_asked_for_only_where_it_is_to_be_kept(
    fields: bytes, asked: bytes, tmp_path: Path
) -> None:
    done = await trip(get(fields=fields), tmp_path / "default")
    assert done.upstream == sent(fields=asked)
    assert done.cassette.request
    as_sent = (await trip(get(fields=fields), tmp_path / "kept", keep_encoding=True)).upstream
    assert as_sent == sent(fields=fields.replace(b":\r\n", b": \r\n"))


async def test_the_host_becomes_the_upstreams_in_the_clients_place_and_spelling(tmp_path: Path) -> None:
    request = b"GET / HTTP/1.1\r\nX: 1\r\nhOsT: client.test:81\r\nConnection: close\r\nY: 2\r\n\r\n"
    done = await trip(request, tmp_path / "default")
    assert done.upstream == b"GET / HTTP/1.1\r\nX: 1\r\nhOsT: %b\r\nY: 2\r\n\r\n" % AUTHORITY
    assert done.cassette.request
    assert (b"hOsT", b"client.test:81") in done.cassette.request.headers
    kept = await trip(request, tmp_path / "kept", keep_host=True)
    assert kept.upstream == b"GET / HTTP/1.1\r\nX: 1\r\nhOsT: client.test:81\r\nY: 2\r\n\r\n"


LEFT_TO_THE_CLIENT = {
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "a permanent redirect to another host": (
        b"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n"
    ),
    "a question for a password": (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"\r\nWWW-Authenticate: Bearer\r\n'
        b"Content-Length: 3\r\n\r\nno\n"
    ),
    "a proxy's question": (
        b"HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    ),
    "a fault": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n",
    "a wish for patience": b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "a refresh": b"HTTP/1.1 200 OK\r\nRefresh: 0; url=/x\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", LEFT_TO_THE_CLIENT.values(), ids=LEFT_TO_THE_CLIENT.keys())
async def test_what_to_do_about_an_answer_is_left_to_the_client(answer: bytes, tmp_path: Path) -> None:
    done = await trip(get(), tmp_path, answer)
    assert done.upstream == sent()  # asked once
    assert done.client == closing(answer)
    assert await replayed(done.cassettes, get()) == done.client
