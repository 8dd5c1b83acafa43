"""How the end of a body is told, and the same response written for clients of both versions."""

from __future__ import annotations

import pytest

from sseproxy.exchange import End, Ending, Framing, Headers
from sseproxy.http1 import ResponseFramer, own_answer, plain_response, response_framing

from . import build

CHUNKED, LENGTH, CLOSE, NONE = Framing

TE, CL = b"Transfer-Encoding", b"Content-Length"


# RFC 9112, section 6.3, in its order.
@pytest.mark.parametrize(
    ("method", "status", "headers", "expected"),
    [
        # 1: no body, whatever the fields say.
        ("HEAD", 200, ((CL, b"5"),), NONE),
        ("HEAD", 200, ((TE, b"chunked"),), NONE),
        ("HEAD", 200, (), NONE),
        ("GET", 204, ((CL, b"5"),), NONE),
        ("POST", 204, ((TE, b"chunked"),), NONE),
        ("GET", 304, ((CL, b"5"),), NONE),
        ("head", 200, ((CL, b"5"),), LENGTH),  # methods are case-sensitive
        ("GET", 205, ((CL, b"0"),), LENGTH),
        # 3: Transfer-Encoding comes before Content-Length.
        ("GET", 200, ((CL, b"5"), (TE, b"chunked")), CHUNKED),
        ("GET", 200, ((TE, b"gzip"), (CL, b"5")), CLOSE),
        # 4: chunked only where it is the last.
        ("GET", 200, ((TE, b"chunked"),), CHUNKED),
        ("POST", 500, ((b"transfer-encoding", b"CHUNKED"),), CHUNKED),
        ("GET", 200, ((TE, b"\tchunked "),), CHUNKED),
        ("GET", 200, ((TE, b"gzip, chunked"),), CHUNKED),
        ("GET", 200, ((TE, b"gzip"), (TE, b"chunked")), CHUNKED),
        ("GET", 200, ((TE, b"chunked,"),), CHUNKED),
        ("GET", 200, ((TE, b"chunked, gzip"),), CLOSE),
        ("GET", 200, ((TE, b"chunked"), (TE, b"gzip")), CLOSE),
        ("GET", 200, ((TE, b"gzip"),), CLOSE),
        ("GET", 200, ((TE, b"identity"),), CLOSE),
        ("GET", 200, ((TE, b"xchunked"),), CLOSE),
        ("GET", 200, ((TE, b""),), CLOSE),
        # 6: Content-Length.
        ("GET", 200, ((CL, b"5"),), LENGTH),
        ("GET", 200, ((b"content-LENGTH", b"0"),), LENGTH),
        ("DELETE", 404, ((CL, b"5"), (CL, b"5")), LENGTH),
        ("GET", 200, ((TE, b""), (CL, b"5")), LENGTH),
        # 8: until the connection closes.
        ("GET", 200, (), CLOSE),
        ("GET", 200, ((b"Connection", b"keep-alive"),), CLOSE),
        ("GET", 200, ((b"X-Content-Length", b"5"),), CLOSE),
    ],
)
def test_how_a_body_ends(method: str, status: int, headers: Headers, expected: Framing) -> None:
    assert response_framing(method, status, headers) is expected


def framer(
    framing: Framing,
    *headers: tuple[bytes, bytes],
    version: str = "1.1",
    keep_alive: bool = True,
    status: int = 200,
    reason: bytes = b"OK",
) -> ResponseFramer:
    head = build.response(headers, status=status, reason=reason, framing=framing)
    return ResponseFramer(head, client_version=version, keep_alive=keep_alive)


# What the body `ab`, `c` with a trailer looks like, and what can be done with the connection then.
FRAMINGS = [
    # framing, client, connection is to stay, added line, body, last, stays, a cut shows
    (CHUNKED, "1.1", True, b"", b"2\r\nab\r\n1\r\nc\r\n", b"0\r\nX-Sum: 9\r\n\r\n", True, True),
    (
        CHUNKED,
        "1.1",
        False,
        b"Connection: close\r\n",
        b"2\r\nab\r\n1\r\nc\r\n",
        b"0\r\nX-Sum: 9\r\n\r\n",
        False,
        True,
    ),
    (CHUNKED, "1.0", True, b"Connection: close\r\n", b"abc", b"", False, False),
    (CHUNKED, "1.0", False, b"Connection: close\r\n", b"abc", b"", False, False),
    (LENGTH, "1.1", True, b"", b"abc", b"", True, True),
    (LENGTH, "1.1", False, b"Connection: close\r\n", b"abc", b"", False, True),
    (LENGTH, "1.0", True, b"Connection: keep-alive\r\n", b"abc", b"", True, True),
    (LENGTH, "1.0", False, b"Connection: close\r\n", b"abc", b"", False, True),
    (CLOSE, "1.1", True, b"Connection: close\r\n", b"abc", b"", False, False),
    (CLOSE, "1.1", False, b"Connection: close\r\n", b"abc", b"", False, False),
    (CLOSE, "1.0", True, b"Connection: close\r\n", b"abc", b"", False, False),
    (CLOSE, "1.0", False, b"Connection: close\r\n", b"abc", b"", False, False),
    (NONE, "1.1", True, b"", None, b"", True, True),
    (NONE, "1.1", False, b"Connection: close\r\n", None, b"", False, True),
    (NONE, "1.0", True, b"Connection: keep-alive\r\n", None, b"", True, True),
    (NONE, "1.0", False, b"Connection: close\r\n", None, b"", False, True),
]
FIELDS = {CHUNKED: (TE, b"chunked"), LENGTH: (CL, b"3"), CLOSE: (b"A", b"b"), NONE: (b"A", b"b")}


@pytest.mark.parametrize(
    ("framing", "version", "keep_alive", "added", "body", "last", "stays", "shows"),
    FRAMINGS,
    ids=[f"{row[0]} for {row[1]}{', to stay open' if row[2] else ''}" for row in FRAMINGS],
)
def test_each_framing_for_each_client(
    framing: Framing,
    version: str,
    keep_alive: bool,
    added: bytes,
    body: bytes | None,
    last: bytes,
    stays: bool,
    shows: bool,
) -> None:
    name, value = FIELDS[framing]
    made = framer(framing, (name, value), version=version, keep_alive=keep_alive)
    kept = b"" if framing is CHUNKED and version == "1.0" else b"%b: %b\r\n" % (name, value)
    # The version is ours: RFC 9110, section 2.5.
    assert made.head() == b"HTTP/1.1 200 OK\r\n" + kept + added + b"\r\n"
    if body is not None:
        assert made.body([b"ab", b"c"]) == body
    assert made.body([]) == b""
    assert made.last(((b"X-Sum", b"9"),)) == last
    assert made.keep_alive is stays
    assert made.truncation_shows is shows


def test_without_trailers_the_last_chunk_is_bare() -> None:
    assert framer(CHUNKED).last() == b"0\r\n\r\n"


def test_trailers_keep_order_case_duplicates_and_bytes() -> None:
    trailers = ((b"X-b", b"1"), (b"x-A", b"\xff"), (b"X-b", b""))
    assert framer(CHUNKED).last(trailers) == b"0\r\nX-b: 1\r\nx-A: \xff\r\nX-b: \r\n\r\n"


def test_an_empty_piece_is_no_last_chunk() -> None:
    # A cassette edited by hand may hold one: `"text":""`. An empty chunk would end the body.
    assert framer(CHUNKED).body([b"", b"a", b""]) == b"1\r\na\r\n"


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_head_keeps_order_case_duplicates_and_bytes(version: str) -> None:
    headers = (
        (b"date", b"Mon, 23 Nov 2026 00:41:34 GMT"),
        (b"SET-Cookie", b"a=b"),
        (b"Set-Cookie", b"c=d"),
        (b"X", b""),
        (b"X-Latin", b"Gr\xfc\xdfe"),
        (b"Proxy-Authenticate", b"Basic"),
        (b"Trailer", b"X-Sum"),
        (b"Via", b"1.1 b"),
        (b"Content-Encoding", b"gzip"),
        (b"content-length", b"3"),
    )
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    added = b"Connection: keep-alive\r\n" if version == "1.0" else b""
    assert (
        framer(LENGTH, *headers, version=version).head() == b"HTTP/1.1 200 OK\r\n" + lines + added + b"\r\n"
    )


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (200, b"", b"HTTP/1.1 200 "),
        (404, b"Nicht da", b"HTTP/1.1 404 Nicht da"),
        (599, b"\xe9\t x", b"HTTP/1.1 599 \xe9\t x"),
    ],
)
def test_status_and_reason_are_the_upstreams(status: int, reason: bytes, line: bytes) -> None:
    assert framer(LENGTH, status=status, reason=reason).head().startswith(line + b"\r\n")


@pytest.mark.parametrize(
    "gone",
    [
        (b"Connection", b"keep-alive"),
        (b"connection", b"close"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Proxy-Connection", b"keep-alive"),
        (b"Upgrade", b"h2c"),
    ],
)
def test_what_concerns_the_upstreams_connection_stays_there(gone: tuple[bytes, bytes]) -> None:
    assert framer(LENGTH, (b"A", b"b"), gone).head() == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"


def test_so_does_what_its_connection_field_names() -> None:
    headers = ((b"X-Gone", b"1"), (b"Connection", b"x-gone, Content-Length"), (CL, b"3"))
    assert framer(LENGTH, *headers).head() == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"


def test_an_upstream_that_closes_does_not_make_us_close() -> None:
    assert framer(LENGTH, (b"Connection", b"close"), (CL, b"3")).keep_alive


def test_a_coding_that_is_still_on_the_body_is_still_named() -> None:
    # The body is handed on as it came: without the field it would be taken for plain.
    head = framer(CLOSE, (TE, b"gzip")).head()
    assert b"Transfer-Encoding: gzip\r\n" in head


DETAIL = "can't connect to localhost:3000: connection refused"


@pytest.mark.parametrize(
    ("reason", "status", "phrase"),
    [
        (Ending.CONNECT_FAILED, 502, b"Bad Gateway"),
        (Ending.UPSTREAM_RESET, 502, b"Bad Gateway"),
        (Ending.TRUNCATED, 502, b"Bad Gateway"),
        (Ending.ERROR, 502, b"Bad Gateway"),
        (Ending.LIMIT, 502, b"Bad Gateway"),
        (Ending.LOSSY, 502, b"Bad Gateway"),
        (Ending.UPSTREAM_TIMEOUT, 504, b"Gateway Timeout"),
        (Ending.PROXY_STOPPED, 503, b"Service Unavailable"),
    ],
)
def test_where_no_head_came_the_answer_says_why(reason: Ending, status: int, phrase: bytes) -> None:
    answer = own_answer(End(7, reason, 0, detail=DETAIL))
    assert answer
    head, body = answer
    assert body == f"sseproxy: {DETAIL}\n".encode()
    assert (head.t, head.status, head.reason, head.version, head.framing) == (
        0,
        status,
        phrase,
        "1.1",
        LENGTH,
    )
    assert head.headers == (
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (CL, str(len(body)).encode()),
    )


@pytest.mark.parametrize("reason", [Ending.CLIENT_LEFT, Ending.INCOMPLETE])
def test_where_nothing_is_known_the_connection_just_closes(reason: Ending) -> None:
    assert own_answer(End(7, reason, 0, detail=DETAIL)) is None


def test_an_answer_of_ours_counts_bytes_and_not_letters() -> None:
    head, body = plain_response(404, "kein „é“", ((b"X-Sseproxy-Miss", b"1"),))
    assert body == "kein „é“\n".encode()
    assert (head.status, head.reason) == (404, b"Not Found")
    assert head.headers[1:] == ((CL, b"14"), (b"X-Sseproxy-Miss", b"1"))
