"""The curl command of a request: run by a shell, it makes that request again."""

from __future__ import annotations

import shutil
import socket
import subprocess
from dataclasses import replace

import pytest

from sseproxy.exchange import Exchange, Headers, Request
from tests.cli.builder import stream
from tests.cli.support import request_head, upstream
from tests.core import build
from tests.export.support import captured, export

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")


def asking(method: str = "POST", target: bytes = b"/a", body: bytes = b"", headers: Headers = ()) -> Exchange:
    return build.exchange(request=Request(method, target, "1.1", headers, body))


def repeated(value: Exchange, **variables: str) -> tuple[bytes, list[bytes], bytes]:
    """The request line, the fields and the body that a server gets from the command."""
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        head, _, body = request_head(connection).partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0
        )
        while len(body) < length:
            body += connection.recv(65_536)
        heard.extend([head, body])
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with upstream(answer) as address:
        there = replace(value, head=replace(value.head, upstream=address))
        script = export("curl", there).decode("utf-8", "surrogateescape")
        subprocess.run(
            ["sh", "-ec", script], env={"PATH": "/usr/bin:/bin", **variables}, check=True, timeout=30
        )
    head, body = heard
    line, *fields = head.split(b"\r\n")
    own = (b"Host:", b"Content-Length:", b"Connection:")
    return line, [field for field in fields if not field.startswith(own)], body


REQUESTS: dict[str, Exchange] = {
    "a question": asking(
        body=b'{"question":"What\'s \\"up\\"? $HOME `id` \\n"}',
        headers=((b"content-type", b"application/json"), (b"User-Agent", b"python/3"), (b"Accept", b"*/*")),
    ),
    "no body": asking("GET", b"/api?a=%20&b=[1]&{c}=/../x"),
    "dots in the path": asking("GET", b"/a/../b/./c"),
    "another method": asking("DELETE"),
    "a body of a GET": asking("GET", body=b"x"),
    "bytes that are no text": asking(body=b"\0\xff@\n"),
    "a body that begins like a file's name": asking(body=b"@/etc/passwd"),
    "two fields of one name, one without a value": asking(
        headers=((b"X-A", b"1"), (b"x-a", b"2"), (b"X-Empty", b""))
    ),
}


@needs_curl
@pytest.mark.parametrize("what", REQUESTS)
def test_a_shell_makes_the_request_again(what: str) -> None:
    value = REQUESTS[what]
    request = value.request
    assert request
    line, fields, body = repeated(value)
    assert line == b"%b %b HTTP/1.1" % (request.method.encode(), request.target)
    assert [field.replace(b": ", b":") for field in fields] == [n + b":" + v for n, v in request.headers]
    assert body == request.body


@needs_curl
def test_a_masked_header_is_taken_from_the_environment() -> None:
    value = asking("GET", headers=((b"Authorization", b"[redacted]"), (b"Accept", b"*/*")))
    _, fields, _ = repeated(value, AUTHORIZATION="Bearer sk-1")
    assert fields == [b"Authorization: Bearer sk-1", b"Accept: */*"]


def test_each_command_names_its_cassette() -> None:
    nothing_asked = replace(stream(), request=None)
    text = export("curl", captured()["conversation"], nothing_asked, captured()["toolagent"]).decode()
    assert [line for line in text.splitlines() if line.startswith("#")] == ["# 0.sse.jsonl", "# 2.sse.jsonl"]
    assert text.count("curl --no-buffer --globoff --path-as-is --request POST http://") == 2
