"""curl commands as people have them: from documentation, from a browser, from a shell."""

from __future__ import annotations

import shlex

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Headers, Request
from sseproxy.matching.curl import parse_curl

JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")

COMMANDS: dict[str, tuple[str, bytes, bytes, Headers]] = {
    "http://localhost:3000/a": ("GET", b"/a", b"", ()),
    "localhost:3000": ("GET", b"/", b"", ()),
    "http://h/a?x=1#y": ("GET", b"/a?x=1", b"", ()),
    "-N -sS --compressed -o out http://h/a": ("GET", b"/a", b"", ()),
    "-sSLkoout http://h/a": ("GET", b"/a", b"", ()),
    "-X POST http://h/a -d '{}' -H 'Content-Type: application/json'": ("POST", b"/a", b"{}", (JSON,)),
    "-XDELETE http://h/a": ("DELETE", b"/a", b"", ()),
    "--request=PUT --url http://h/a --data-raw @x": ("PUT", b"/a", b"@x", (FORM,)),
    "http://h/a -d a=1 -d b=2": ("POST", b"/a", b"a=1&b=2", (FORM,)),
    "http://h/a -G -d a=1 --data-urlencode 'q=x y'": ("GET", b"/a?a=1&q=x+y", b"", ()),
    "http://h/a?z -Gd a=1": ("GET", b"/a?z&a=1", b"", ()),
    "-I http://h/a": ("HEAD", b"/a", b"", ()),
    """http://h/a --json '{"q":1}'""": ("POST", b"/a", b'{"q":1}', (JSON,)),
    "http://h/a -u me:pw -A x -e http://r -b a=1": (
        "GET",
        b"/a",
        b"",
        (
            (b"Authorization", b"Basic bWU6cHc="),
            (b"User-Agent", b"x"),
            (b"Referer", b"http://r"),
            (b"Cookie", b"a=1"),
        ),
    ),
    "http://h/a -d 'x' -H 'content-type:text/plain'": (
        "POST",
        b"/a",
        b"x",
        ((b"content-type", b"text/plain"),),
    ),
    "http://h/é -d é": ("POST", "/é".encode(), "é".encode(), (FORM,)),
}


@pytest.mark.parametrize(("words", "expected"), COMMANDS.items(), ids=list(COMMANDS))
def test_a_command_is_this_request(words: str, expected: tuple[str, bytes, bytes, Headers]) -> None:
    method, target, body, headers = expected
    assert parse_curl(shlex.split(words)) == Request(method, target, "1.1", headers, body)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "the curl command should have one URL"),
        ("http://a http://b", "the curl command should have one URL"),
        ("http://a -X", "the curl command ends behind -X"),
        ("http://a --data", "the curl command ends behind --data"),
        ("http://a -T x", "the curl command has -T, which is not understood here"),
        ("http://a --socks5 x", "the curl command has --socks5, which is not understood here"),
        *(
            (
                f"http://a {option}",
                f"the curl command has {option.split()[0]}: its multipart body is not made here; ask with a"
                " JSON file that has the `url`, `method`, `headers` and `body`, or record the request and ask"
                " with its cassette",
            )
            for option in ("-F x=1", "--form x=1", "--form-string x=1")
        ),
        ("http://a -d @body.json", "the curl command reads 'body.json': put its content into the command"),
    ],
)
def test_what_is_not_understood_is_said(words: str, said: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        parse_curl(shlex.split(words))
    assert str(caught.value) == said
