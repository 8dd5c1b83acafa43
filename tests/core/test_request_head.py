"""The request that goes upstream: the client's, but for what a proxy must change."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Headers
from sseproxy.http1 import chunk, interim_head, persistent, request_head

HOST = b"upstream:3000"


def fields(*lines: bytes) -> Headers:
    """Headers as they stand in a head; the white space behind the colon is part of no value."""
    pairs = (line.split(b":", 1) for line in lines)
    return tuple((name, value.strip(b" ")) for name, value in pairs)


def sent(*lines: bytes, keep_host: bool = False, keep_encoding: bool = False) -> list[bytes]:
    """The header lines of the head that goes upstream."""
    headers = fields(*lines)
    head = request_head("GET", b"/", headers, host=HOST, keep_host=keep_host, keep_encoding=keep_encoding)
    start, *rest = head.split(b"\r\n")
    assert start == b"GET / HTTP/1.1"
    assert rest[-2:] == [b"", b""]
    return rest[:-2]


@pytest.mark.parametrize(
    ("method", "target", "start"),
    [
        ("GET", b"/", b"GET / HTTP/1.1"),
        ("POST", b"/api/v1?a=%2F&b=+%20", b"POST /api/v1?a=%2F&b=+%20 HTTP/1.1"),
        ("get", b"/", b"get / HTTP/1.1"),
        ("OPTIONS", b"*", b"OPTIONS * HTTP/1.1"),
        ("M-SEARCH", b"//a/./../b//", b"M-SEARCH //a/./../b// HTTP/1.1"),
        ("GET", b"/%e2%82%AC?%zz", b"GET /%e2%82%AC?%zz HTTP/1.1"),
        ("GET", "/é€".encode(), "GET /é€ HTTP/1.1".encode()),
        ("GET", b"/\xff", b"GET /\xff HTTP/1.1"),
        ("GET", b"http://other/a", b"GET http://other/a HTTP/1.1"),
    ],
)
def test_method_and_target_are_never_touched(method: str, target: bytes, start: bytes) -> None:
    head = request_head(method, target, fields(b"Host: a"), host=HOST, keep_host=True, keep_encoding=False)
    assert head == start + b"\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"Host: a", b"X-B: 1", b"X-A: 2"], id="order"),
        pytest.param([b"hOsT: a", b"x-LOWER: Aa", b"CONTENT-TYPE: Application/JSON"], id="case"),
        pytest.param([b"Host: a", b"X: 1", b"Y: 2", b"X: 1", b"x: 3"], id="duplicates"),
        pytest.param([b"Host: a", b"Cookie: a=b; c=d", b"Cookie: e=f"], id="cookies"),
        pytest.param([b"Host: a", b"X: "], id="an empty value"),
        pytest.param(
            [b"Host: a", b"X: Gr\xfc\xdfe \xff\x80", b"Y: \xe2\x82\xac"], id="bytes that are no ASCII"
        ),
        pytest.param([b"Host: a", b'X: a\tb  c,,d;e="f, g"'], id="white space and commas inside"),
        pytest.param([b"Host: a", b"!#$%&'*+-.^_`|~09aZ: x"], id="every letter a name can have"),
        pytest.param([b"Host: a", b"Transfer-Encoding: chunked", b"Trailer: X-Sum"], id="the framing"),
        pytest.param(
            [b"Host: a", b"Content-Length: 5", b"Expect: 100-continue"], id="length and expectation"
        ),
        pytest.param(
            [b"Host: a", b"Authorization: Bearer t", b"Proxy-Authorization: Basic x"], id="credentials"
        ),
        pytest.param(
            [b"Host: a", b"Accept: text/event-stream", b"Last-Event-ID: 7"], id="of an event stream"
        ),
        pytest.param(
            [b"Host: a", b"Via: 1.1 b", b"Forwarded: for=c", b"X-Forwarded-For: d"], id="of other proxies"
        ),
        pytest.param([b"Host: a", b"Max-Forwards: 3", b"Cache-Control: no-cache"], id="of caches"),
    ],
)
def test_all_else_stays_as_the_client_sent_it(lines: list[bytes]) -> None:
    assert sent(*lines, keep_host=True) == lines


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([b"Connection: close", b"X: 1"], [b"X: 1"], id="Connection"),
        pytest.param([b"CONNECTION: Keep-Alive", b"keep-ALIVE: timeout=5"], [], id="Keep-Alive"),
        pytest.param([b"Proxy-Connection: keep-alive"], [], id="Proxy-Connection"),
        pytest.param([b"TE: trailers", b"X: 1", b"te: gzip"], [b"X: 1"], id="TE"),
        pytest.param([b"Connection: Upgrade", b"Upgrade: websocket"], [], id="Upgrade"),
        pytest.param([b"Upgrade: h2c"], [], id="Upgrade that is not named"),
        pytest.param(
            [b"X-Gone: 1", b"X: 2", b"Connection: X-GONE"], [b"X: 2"], id="a field that Connection names"
        ),
        pytest.param(
            [b"Connection: a ,\tB,,", b"A: 1", b"b: 2", b"C: 3"], [b"C: 3"], id="a list with empty items"
        ),
        pytest.param(
            [b"Connection: a", b"A: 1", b"Connection: b", b"B: 2", b"A: 3"],
            [],
            id="several Connection fields",
        ),
        pytest.param(
            [b"Connection: x-a", b"X-Ab: 1", b"X: 2"], [b"X-Ab: 1", b"X: 2"], id="the whole name alone"
        ),
        pytest.param(
            [
                b"Connection: transfer-encoding, Content-Length",
                b"Transfer-Encoding: chunked",
                b"Content-Length: 1",
            ],
            [b"Transfer-Encoding: chunked", b"Content-Length: 1"],
            id="what frames the message can't be named away",
        ),
    ],
)
def test_what_concerns_one_connection_goes_no_further(lines: list[bytes], expected: list[bytes]) -> None:
    # RFC 9110, section 7.6.1.
    assert sent(b"Host: a", *lines, keep_host=True) == [b"Host: a", *expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [b"A: 1", b"hoST: a:8080", b"B: 2"],
            [b"A: 1", b"hoST: upstream:3000", b"B: 2"],
            id="in place",
        ),
        pytest.param([b"Host: "], [b"Host: upstream:3000"], id="an empty one"),
        pytest.param([b"A: 1"], [b"Host: upstream:3000", b"A: 1"], id="added for an HTTP/1.0 client, first"),
        pytest.param([], [b"Host: upstream:3000"], id="added where there is nothing else"),
        pytest.param([b"Connection: host", b"Host: a"], [b"Host: upstream:3000"], id="not to be named away"),
        pytest.param([b"X-Host: a", b"Host: b"], [b"X-Host: a", b"Host: upstream:3000"], id="no other field"),
    ],
)
def test_host_becomes_the_upstreams(lines: list[bytes], expected: list[bytes]) -> None:
    assert sent(*lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([b"A: 1", b"Host: a"], [b"A: 1", b"Host: a"], id="kept"),
        pytest.param([b"A: 1"], [b"Host: upstream:3000", b"A: 1"], id="added where there is none to keep"),
    ],
)
def test_keep_host_leaves_it_alone(lines: list[bytes], expected: list[bytes]) -> None:
    assert sent(*lines, keep_host=True) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], [], id="none is added"),
        pytest.param(
            [b"A: 1", b"accept-ENCODING: gzip, br", b"B: 2"],
            [b"A: 1", b"accept-ENCODING: identity", b"B: 2"],
            id="in place",
        ),
        pytest.param([b"Accept-Encoding: identity"], [b"Accept-Encoding: identity"], id="identity stays"),
        pytest.param([b"Accept-Encoding: "], [b"Accept-Encoding: identity"], id="an empty one"),
        pytest.param([b"Accept-Encoding: *;q=0"], [b"Accept-Encoding: identity"], id="one that forbids it"),
        pytest.param(
            [b"Accept-Encoding: gzip", b"A: 1", b"accept-encoding: br"],
            [b"Accept-Encoding: identity", b"A: 1"],
            id="told once",
        ),
        pytest.param(
            [b"Accept: a", b"Accept-Language: b", b"X-Accept-Encoding: gzip"],
            [b"Accept: a", b"Accept-Language: b", b"X-Accept-Encoding: gzip"],
            id="no other field",
        ),
        pytest.param(
            [b"Connection: accept-encoding", b"Accept-Encoding: gzip"], [], id="named by Connection"
        ),
    ],
)
def test_a_clients_accept_encoding_becomes_identity(lines: list[bytes], expected: list[bytes]) -> None:
    assert sent(b"Host: a", *lines, keep_host=True) == [b"Host: a", *expected]


def test_keep_encoding_leaves_it_alone() -> None:
    lines = [b"Host: a", b"Accept-Encoding: gzip", b"A: 1", b"accept-encoding: br;q=0.5"]
    assert sent(*lines, keep_host=True, keep_encoding=True) == lines


def test_what_was_said_to_us_alone_goes_no_further() -> None:
    lines = [b"Host: a", b"X-Sseproxy-Scope: test_login", b"A: 1", b"x-sseproxy-scope: b"]
    assert sent(*lines, keep_host=True) == [b"Host: a", b"A: 1"]


names = st.text(st.sampled_from("abcXYZ019-_!~"), min_size=1, max_size=8).map(str.encode)
values = st.binary(max_size=8).filter(
    lambda value: not {0, 10, 13} & {*value} and value.strip(b" \t") == value
)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(names, values), max_size=8).map(tuple), st.booleans())
def test_any_fields_of_the_clients_own_come_through_byte_for_byte(headers: Headers, keep: bool) -> None:
    # No name of this alphabet means anything to a proxy.
    head = request_head(
        "GET", b"/", ((b"Host", b"a"), *headers), host=HOST, keep_host=False, keep_encoding=keep
    )
    own = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    assert head == b"GET / HTTP/1.1\r\nHost: upstream:3000\r\n" + own + b"\r\n"


@pytest.mark.parametrize(
    ("status", "reason", "lines", "expected"),
    [
        (100, b"Continue", [], b"HTTP/1.1 100 Continue\r\n\r\n"),
        (103, b"", [b"Link: </a>"], b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\n"),
        (
            103,
            b"\xe9",
            [b"Connection: X-Gone", b"x-gone: 1", b"LINK: b"],
            b"HTTP/1.1 103 \xe9\r\nLINK: b\r\n\r\n",
        ),
    ],
)
def test_an_interim_answer_is_passed_on(
    status: int, reason: bytes, lines: list[bytes], expected: bytes
) -> None:
    assert interim_head(status, reason, fields(*lines)) == expected


@pytest.mark.parametrize(
    ("version", "lines", "stays_open"),
    [
        ("1.1", [], True),
        ("1.1", [b"Connection: keep-alive"], True),
        ("1.1", [b"Connection: close"], False),
        ("1.1", [b"connection: X-A, CLOSE"], False),
        ("1.1", [b"Connection: keep-alive", b"Connection: close"], False),
        ("1.1", [b"Connection: closed"], True),
        ("1.0", [], False),
        ("1.0", [b"Connection: Keep-Alive"], True),
        ("1.0", [b"Connection: keep-alive, close"], False),
        ("1.0", [b"Keep-Alive: timeout=5"], False),
    ],
)
def test_which_connections_stay_open(version: str, lines: list[bytes], stays_open: bool) -> None:
    # RFC 9112, section 9.3.
    assert persistent(version, fields(*lines)) is stays_open


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a", b"1\r\na\r\n"),
        (b"\r\n", b"2\r\n\r\n\r\n"),
        (b"0123456789", b"a\r\n0123456789\r\n"),
        (b"x" * 65_536, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    ],
)
def test_a_chunk_has_its_size_in_hexadecimal(data: bytes, expected: bytes) -> None:
    assert chunk(data) == expected
