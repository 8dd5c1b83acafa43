"""What is recorded of what passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Request
from sseproxy.patterns import parse_pattern
from sseproxy.proxy.selection import Selection
from tests.support.net import ask, client, recorder, upstream
from tests.transparency.support import OK, Origin, closing, get, recordings, sent, trip

# A pattern, a method and a target, and whether the one takes the other.
MATCHES = [
    ("/api/*", "GET", b"/api/a", True),
    ("/api/*", "POST", b"/api/a/b/c", True),
    ("/api/*", "GET", b"/api/", True),
    ("/api/*", "GET", b"/api", False),
    ("/api/*", "GET", b"/API/a", False),
    ("/api", "GET", b"/api", True),
    ("/api", "GET", b"/api?a=/b", True),
    ("/api", "GET", b"/api/", False),
    ("/api", "GET", b"/v1/api", False),
    ("*/api", "GET", b"/v1/api", True),
    ("*", "FROB", b"/", True),
    ("*", "OPTIONS", b"*", True),
    ("/a?c", "GET", b"/abc", True),
    ("/a?c", "GET", b"/a?c", False),
    ("/[ab]", "GET", b"/b", True),
    ("/[!ab]", "GET", b"/b", False),
    ("POST /api/*", "POST", b"/api/a", True),
    ("POST /api/*", "GET", b"/api/a", False),
    ("post /api/*", "POST", b"/api/a", True),
    ("* /api/*", "PUT", b"/api/a", True),
    ("  POST   /a  ", "POST", b"/a", True),
    ("/a.b", "GET", b"/axb", False),
    ("/a%2Fb", "GET", b"/a%2Fb", True),
    ("/a/b", "GET", b"/a%2Fb", False),
    ("/a", "GET", b"http://host.test/a", True),
    ("/*", "GET", b"/caf\xe9\n", True),
]


@pytest.mark.parametrize(("pattern", "method", "target", "matches"), MATCHES)
def test_a_pattern_takes_a_method_and_a_path(pattern: str, method: str, target: bytes, matches: bool) -> None:
    assert parse_pattern(pattern).matches(Request(method, target, "1.1", ())) is matches


@pytest.mark.parametrize("text", ["", "POST", "api/*", "POST api", "GET /a /b", "http://a/b"])
def test_what_is_no_pattern_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SseproxyError, match="should be a path pattern"):
        parse_pattern(text)


SELECTIONS = [
    ([], [], True),
    (["/a"], [], True),
    (["/b"], [], False),
    (["/b", "POST /a"], [], True),
    ([], ["/a"], False),
    ([], ["GET /a"], True),
    (["/a"], ["/a"], False),
    (["/*"], ["GET /*", "/b"], True),
    (["/b"], ["/b"], False),
]


@pytest.mark.parametrize(("only", "skip", "wanted"), SELECTIONS)
def test_one_of_only_must_match_and_none_of_skip_may(only: list[str], skip: list[str], wanted: bool) -> None:
    assert selection(only, skip).wants(Request("POST", b"/a", "1.1", ())) is wanted


def selection(only: list[str], skip: list[str]) -> Selection:
    return Selection([parse_pattern(text) for text in only], [parse_pattern(text) for text in skip])


ANSWERS = {
    "length": OK,
    "chunks and trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nX-Sum: 3\r\n\r\n"
    ),
    "hints first": b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n" + OK,
    "no body": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
}
FIELDS = b"X: \xff\r\nx: 2\r\nContent-Length: 3\r\n"


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_what_is_not_recorded_passes_byte_for_byte_and_leaves_no_file(
    answer: bytes, tmp_path: Path
) -> None:
    request = get(b"/skip/%2F", FIELDS, method=b"POST", body=b"ask")
    folder = tmp_path / "cassettes"
    done = await trip(request, folder, answer, selection=selection([], ["/skip/*"]))
    assert done.upstream == sent(b"/skip/%2F", FIELDS, method=b"POST", body=b"ask")
    interim, mark, final = answer.rpartition(b"HTTP/1.1 ")
    assert done.client == interim + closing(mark + final)
    assert done.cassettes == []
    assert not folder.exists()


async def test_recorded_and_unrecorded_requests_share_a_connection(tmp_path: Path) -> None:
    origin = Origin()
    async with (
        upstream(origin) as url,
        recorder(url, tmp_path, selection=selection(["/keep"], [])) as proxy,
        client(proxy.url) as peer,
    ):
        for path in (b"/keep", b"/skip", b"/keep", b"/skip"):
            await peer.send(b"GET %b HTTP/1.1\r\nHost: c\r\n\r\n" % path)
            assert await peer.until(b"ok") == OK
    assert len(origin.connections) == 1
    assert [each.request.target for each in recordings(tmp_path) if each.request] == [b"/keep", b"/keep"]


async def test_an_unrecorded_failure_is_explained_like_a_recorded_one(tmp_path: Path) -> None:
    async with upstream(Origin(b"SSH-2.0\r\n")) as url:
        answers = []
        for skip in ([], ["*"]):
            async with recorder(url, tmp_path, selection=selection([], skip)) as proxy:
                answers.append(await ask(proxy.url, get()))
    assert answers[0] == answers[1]
    assert answers[0][0].startswith(b"HTTP/1.1 502 ")
