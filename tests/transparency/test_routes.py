"""Several upstreams behind one proxy."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.proxy import Options, Proxy
from sseproxy.proxy.routes import parse_routes
from tests.support.net import ask, upstream
from tests.support.wire import Response
from tests.transparency.support import OK, Origin, SteppedClock, closing, get, recordings, replayed

# The routes, by the upstream's number and base path; the target; which upstream is asked, and for what.
ROUTES = {"/openai": (0, ""), "/openai/v2": (1, "/base"), "/": (2, "/other/")}
TARGETS = [
    (b"/openai", 0, b"/"),
    (b"/openai/", 0, b"/"),
    (b"/openai/chat", 0, b"/chat"),
    (b"/openai//chat/../%2F", 0, b"//chat/../%2F"),
    (b"/openai?a", 0, b"/?a"),
    (b"/openai?", 0, b"/?"),
    (b"/openai/v2", 1, b"/base"),
    (b"/openai/v2/chat?b", 1, b"/base/chat?b"),
    (b"/openai/v2?b=/c", 1, b"/base?b=/c"),
    (b"/openai/v22", 0, b"/v22"),
    (b"/openai2", 2, b"/other/openai2"),
    (b"/OpenAI/chat", 2, b"/other/OpenAI/chat"),
    (b"/%6fpenai/chat", 2, b"/other/%6fpenai/chat"),
    (b"/x/../openai", 2, b"/other/x/../openai"),
    (b"//openai", 2, b"/other//openai"),
    (b"/", 2, b"/other/"),
    (b"/?a", 2, b"/other/?a"),
    (b"//a", 2, b"/other//a"),
    (b"/caf\xe9", 2, b"/other/caf\xe9"),
    (b"http://other.test/openai/chat", 0, b"/chat"),
    (b"http://other.test/openai/v2", 1, b"/base"),
    (b"http://openai", 2, b"/other/"),
]


@pytest.mark.parametrize(("target", "number", "asked"), TARGETS)
async def test_the_longest_prefix_decides_and_gives_way_to_the_upstreams_own_path(
    target: bytes, number: int, asked: bytes, tmp_path: Path
) -> None:
    origins = [Origin(OK.replace(b"ok", b"%02d" % each)) for each in range(len(ROUTES))]
    async with contextlib.AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(upstream(origin)) for origin in origins]
        specs = [f"{prefix}={urls[which]}{base}" for prefix, (which, base) in ROUTES.items()]
        proxy = Proxy(Options(upstreams=tuple(specs), cassettes=tmp_path, port=0), SteppedClock())
        server = await proxy.start()
        got = await ask(server.url, get(target))
        await proxy.stop(grace=0)
    assert got == (closing(OK.replace(b"ok", b"%02d" % number)), "eof")
    assert [len(origin.requests) for origin in origins] == [
        int(each == number) for each in range(len(origins))
    ]
    (request,) = origins[number].requests
    authority = urls[number].removeprefix("http://").encode()
    assert request == b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (asked, authority)
    (cassette,) = recordings(tmp_path)
    assert cassette.request
    assert cassette.request.target == target
    assert cassette.head.upstream == urls[number] + list(ROUTES.values())[number][1]
    assert await replayed([cassette], get(target)) == got[0]


@pytest.mark.parametrize(
    "target", [b"/", b"/b", b"/aa", b"/b/a", b"/?api_key=hunter2", b"*", b"http://a", b"http://a.test/b"]
)
async def test_a_target_without_a_route_is_answered_404_and_asked_of_nobody(
    target: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    origin = Origin()
    folder = tmp_path / "cassettes"
    request = get(target, method=b"OPTIONS" if target == b"*" else b"GET")
    async with upstream(origin) as url:
        proxy = Proxy(Options(upstreams=(f"/a={url}", f"/c={url}"), cassettes=folder, port=0), SteppedClock())
        server = await proxy.start()
        got = Response.of(request, *await ask(server.url, request))
        await proxy.stop(grace=0)
    assert (got.status, got.fate) == (404, "whole")
    assert got.body == b"sseproxy: no upstream for this path; there are /a, /c\n"
    told = target.decode().replace("hunter2", "[redacted]")
    assert caplog.messages == [f"answered 404: no upstream for {told}; there are /a, /c"]
    assert origin.connections == []
    assert not folder.exists()


async def test_a_base_path_is_put_before_the_target_as_text(tmp_path: Path) -> None:
    origin = Origin()
    async with upstream(origin) as url:
        proxy = Proxy(Options(upstreams=(f"{url}/a%2Fb/../c/",), cassettes=tmp_path, port=0), SteppedClock())
        server = await proxy.start()
        await ask(server.url, get(b"//d?"))
        await proxy.stop(grace=0)
    assert origin.requests[0].startswith(b"GET /a%2Fb/../c//d? HTTP/1.1\r\n")


GOOD = {
    ("http://a",): [(b"", "http://a")],
    ("/=http://a",): [(b"", "http://a")],
    ("/a=http://a", "/a/b=http://b", "http://c"): [
        (b"/a/b", "http://b"),
        (b"/a", "http://a"),
        (b"", "http://c"),
    ],
    ("/a/=http://a/b=c",): [(b"/a", "http://a/b=c")],
    ("/ä=http://a",): [("/ä".encode(), "http://a")],
}


@pytest.mark.parametrize(("specs", "routes"), GOOD.items())
def test_routes_are_told_as_prefixes_and_urls_the_longest_first(
    specs: tuple[str, ...], routes: list[tuple[bytes, str]]
) -> None:
    assert parse_routes(specs) == routes


BAD = {
    ("/a",): "should be a URL, or /prefix=URL",
    ("/a=http://a", "/a/=http://b"): "has an upstream already, http://a",
    ("http://a", "/=http://b"): "has an upstream already, http://a",
    ("localhost:3000",): "should be a URL such as http://localhost:3000",
    ("ftp://a",): "should be a URL such as",
    ("http://",): "should be a URL such as",
    ("http://a?b",): "should be a URL such as",
    ("http://a#b",): "should be a URL such as",
    ("http://a:99999",): "--upstream",
    ("http://a:b",): "--upstream",
    ("http://[::1",): "--upstream",
    ("http://a..test",): "a part of the host's name is empty or too long",
    (f"http://{'a' * 64}.test",): "a part of the host's name is empty or too long",
    ("http://ä.test",): "should be a URL such as",
    ("a=http://a",): "should be a URL, or /prefix=URL",
    ("/a=",): "should be a URL such as",
}


SECRET = {
    ("http://me:secret@",): "'http://[redacted]@': should be a URL such as",
    (
        "http://me:se/cret@a",
    ): "'http://[redacted]@a': should be a URL such as http://localhost:3000; in a password, ",
    ("http://me:se#cret@a",): "'http://[redacted]@a': should be a URL such as",
    ("http://me:se@cret@a..b",): "'http://[redacted]@a..b': a part of the host's name",
    ("http://me:secret@a:99999",): (
        "'http://[redacted]@a:99999': should be a URL such as http://localhost:3000, with a port up to 65535"
    ),
    ("http://a?key=secret",): "'http://a?…': should be a URL such as",
    ("a=http://a#secret",): "'a=http://a#…': should be a URL, or /prefix=URL",
    ("ftp://me:secret@a",): "'ftp://[redacted]@a': should be a URL such as",
    ("me:secret@a:3000",): "'[redacted]@a:3000': should be a URL such as",
    ("a=http://me:secret@a",): "'[redacted]@a': should be a URL, or /prefix=URL",
    ("/a=me:se=cret@a",): "'[redacted]@a': should be a URL such as",
    ("/a=http://me:secret@a", "/a=http://me:secret@b"): (
        "'/a=http://[redacted]@b': '/a' has an upstream already, http://[redacted]@a"
    ),
}


@pytest.mark.parametrize(("specs", "sentence"), SECRET.items())
def test_a_password_is_not_told_of_an_upstream_that_can_not_be_used(
    specs: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SseproxyError) as error:
        Proxy(Options(upstreams=specs, cassettes=tmp_path, port=0), SteppedClock())
    assert str(error.value).startswith(f"--upstream {sentence}")
    assert not re.search("se.?cret", str(error.value))


@pytest.mark.parametrize(("specs", "sentence"), BAD.items())
def test_an_upstream_that_makes_no_sense_is_refused_at_once(
    specs: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SseproxyError) as error:
        Proxy(Options(upstreams=specs, cassettes=tmp_path, port=0), SteppedClock())
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
