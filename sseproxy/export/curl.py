"""The request as a curl command, for a POSIX shell."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable, Iterator

from sseproxy.exchange import Exchange, Request
from sseproxy.export.har import url
from sseproxy.redaction import MASK

# curl makes these itself, for the connection and the address that it is told.
_CURLS_OWN = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})
# And it adds these, where it is not told otherwise.
_ADDED = (b"User-Agent", b"Accept", b"Content-Type")


def curl(sources: Iterable[tuple[str, Exchange]]) -> Iterator[bytes]:
    """A command for each exchange whose request was recorded, with the cassette's name before it."""
    for name, exchange in sources:
        if exchange.request:
            comment = re.sub(r"[\x00-\x1f\x7f]", "?", name)
            yield f"# {comment}\n".encode("utf-8", "surrogateescape")
            yield command(exchange, exchange.request)


def command(exchange: Exchange, request: Request) -> bytes:
    """A masked header is taken from a shell variable of its name: `Authorization` from `$AUTHORIZATION`."""
    parts = ["curl", "--no-buffer", "--globoff", "--path-as-is"]
    if request.version == "1.0":
        parts.append("--http1.0")
    parts += ["--head"] if request.method == "HEAD" else ["--request", shlex.quote(request.method)]
    lines = [" ".join([*parts, _quoted(url(exchange))])]
    told = {name.lower() for name, _ in request.headers}
    for name, value in request.headers:
        if name.lower() not in _CURLS_OWN:
            lines.append(f"--header {_header(name, value)}")
    lines += [f"--header {_quoted(name + b':')}" for name in _ADDED if name.lower() not in told]
    before = b""
    if request.body:
        lines.append(f"--data-binary {_body(request.body) or '@-'}")
        if not _body(request.body):
            encoded = base64.b64encode(request.body).decode()
            before = f"printf %s {encoded} | base64 -d | ".encode()
    return before + " \\\n  ".join(lines).encode("utf-8", "surrogateescape") + b"\n"


def _header(name: bytes, value: bytes) -> str:
    if value == MASK:
        variable = re.sub(r"[^A-Z0-9]", "_", name.decode("latin-1").upper())
        return f'{_quoted(name + b": ")}"${variable}"'
    # curl takes `Name:` for a wish to leave it out, and `Name;` for an empty value.
    return _quoted(name + b": " + value if value.strip() else name + b";")


def _body(body: bytes) -> str:
    """The body as a word of the shell; empty where it is none, or curl would take it for a file's name."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text or text.startswith("@") else shlex.quote(text)


def _quoted(data: bytes) -> str:
    return shlex.quote(data.decode("utf-8", "surrogateescape"))
