"""What the fuzz tests share: bounded runs, mutations, a bench of servers, and a judge of responses."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sseproxy.cassette.store import load
from sseproxy.exchange import Exchange
from tests.support.captures import captures
from tests.support.net import Peer, client, fetch, recorded, replayer
from tests.support.wire import BODILESS, Dechunker, How

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
"""How many examples a test tries, at random; without it a few hundred, always the same."""
bounded = settings(
    max_examples=int(EXAMPLES or 300),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
unhurried = pytest.mark.timeout(0 if EXAMPLES else 60)

GOOD = b"GET /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Mutation = Callable[[bytes], bytes]
WORDS = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b",", b";", b"/", b"?", b"*", b"\xff"),
    *(b"0\r\n\r\n", b"-1", b"+1", b"0x10", b"99999999999999999999", b"ffffffffffffffff\r\n", b"1;a=b\r\n"),
    *(b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"HTTP/9.9", b"GET ", b"HEAD ", b"CONNECT ", b"PRI * "),
    *(b"Host: y\r\n", b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Connection: close\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Expect: 100-continue\r\n"),
    *(b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Connection: transfer-encoding\r\n", b" folded\r\n"),
    *(
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 X\r\n\r\n",
        b"HTTP/1.1 204 X\r\n\r\n",
        b"\xef\xbb\xbf",
    ),
]


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """One change to some bytes, at places given as shares of their length."""
    what = draw(st.sampled_from(["insert", "replace", "delete", "repeat", "cut"]))
    where = draw(st.floats(0, 1))
    length = draw(st.integers(1, 30))
    word = draw(st.sampled_from(WORDS) | st.binary(min_size=1, max_size=8))

    def mutate(data: bytes) -> bytes:
        at = int(where * len(data))
        match what:
            case "insert":
                return data[:at] + word + data[at:]
            case "replace":
                return data[:at] + word + data[at + len(word) :]
            case "delete":
                return data[:at] + data[at + length :]
            case "repeat":
                return data[: at + length] + data[at:]
            case _:
                return data[:at]

    return mutate


def mutated(bases: list[bytes], *, most: int = 5) -> st.SearchStrategy[bytes]:
    """Real messages with a few changes, or none."""

    def apply(base: bytes, changes: list[Mutation]) -> bytes:
        for change in changes:
            base = change(base)
        return base

    return st.builds(apply, st.sampled_from(bases), st.lists(mutations(), max_size=most))


cuts = st.lists(st.floats(0, 1), max_size=3)
"""Where a message is cut into sends, as shares of its length."""


def pieces(data: bytes, where: list[float]) -> list[bytes]:
    at = sorted({int(share * len(data)) for share in where} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(at)]


def requests() -> list[bytes]:
    """Those of the captures, and others that clients send."""
    post = b"POST /p HTTP/1.1\r\nHost: x\r\n"
    return [
        *dict.fromkeys(capture.request for capture in captures().values()),
        GOOD,
        b"GET /a?b=c#d HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x/absolute HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"REPORT /caf\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX: \xff\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        post + b"Content-Length: 3\r\n\r\nabcGET /next HTTP/1.1\r\nHost: x\r\n\r\n",
        post + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        post + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ]


def responses() -> list[bytes]:
    """The shorter ones of the captures, and others that servers send."""
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    real = [b"".join(read.data for read in capture.reads) for capture in captures().values()]
    return [
        *(each for each in real if len(each) < 4_000),
        OK,
        chunked + b"b\r\ndata: one\n\n\r\n10\r\ndata: [DONE]\r\n\r\n\r\n0\r\n\r\n",
        chunked + b"3;e=1\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nto the close",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: gzip\r\n\r\nzipped",
    ]


@dataclass(frozen=True, slots=True)
class Judged:
    """A response as RFC 9112 has it, judged without any code of the package."""

    status: int = 0
    """0: there is no head that can be read."""
    body: bytes = b""
    complete: bool = False


def judge(raw: bytes, how: How) -> Judged:
    """The final response to a GET in these bytes, after which the connection ended so."""
    head, blank, rest = raw.lstrip(b"\r\n").partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    start = re.fullmatch(rb"HTTP/1\.[01] (\d\d\d)(?: .*)?", lines[0], re.DOTALL)
    if not blank or not start:
        return Judged()
    status = int(start[1])
    if 100 <= status < 200 and status != 101:
        return judge(rest, how)
    fields = [line.partition(b":") for line in lines[1:]]
    codings = _values(fields, b"transfer-encoding")
    lengths = _values(fields, b"content-length")
    if status in BODILESS:
        return Judged(status, b"", complete=True)
    if codings and codings[-1].lower() == b"chunked":
        dechunker, body = Dechunker(), b""
        with contextlib.suppress(ValueError):
            for position in range(len(rest)):  # byte by byte: all that stands before what is malformed
                body += dechunker.feed(rest[position : position + 1])
        return Judged(status, body, complete=dechunker.done)
    if lengths and not codings:
        if len(lengths) > 1 or not re.fullmatch(rb"\d+", lengths[0]):
            return Judged(status)
        length = int(lengths[0])
        return Judged(status, rest[:length], complete=len(rest) >= length)
    return Judged(status, rest, complete=how == "eof")


def _values(fields: list[tuple[bytes, bytes, bytes]], name: bytes) -> list[bytes]:
    found = [value for key, _, value in fields if key.lower() == name]
    return [each.strip(b" \t") for value in found for each in value.split(b",") if each.strip(b" \t")]


class Bench:
    """A recorder, its upstream and a mock server, which run while an example does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer: list[bytes] = [OK]
        """What the upstream sends to whatever is asked, in these pieces; then it closes."""
        self.recorder = ""
        self.mock = ""
        self.problems: list[str] = []
        """Tracebacks in the log, and what a loop was left alone with."""
        self.runner = asyncio.Runner()
        self._stack = contextlib.AsyncExitStack()

    async def _upstream(self, peer: Peer) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await peer.until(b"\r\n\r\n")
            for piece in [OK] if head.startswith(b"GET /good ") else self.answer:
                await peer.send(piece)
                await asyncio.sleep(0)
            peer.writer.write_eof()
            await peer.rest()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.problems.append(repr(context)))
        recorder = await self._stack.enter_async_context(recorded(self._upstream, self.folder))
        self.recorder = recorder.url
        await fetch(self.recorder, GOOD)
        mock = await self._stack.enter_async_context(replayer(self.cassettes()))
        self.mock = mock.url

    def stop(self) -> None:
        self.runner.run(self._stack.aclose())
        self.runner.close()

    def cassettes(self) -> list[Exchange]:
        """Those since the last time, the oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.sse.jsonl*")):
            found.append(load(path))
            path.unlink()
        return found

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR:
            self.problems.append(logging.Formatter().format(record))

    async def _settle(self) -> None:
        """Returns when no exchange is under way: a client may have left one behind."""
        while any(self.folder.glob("*.part")):  # noqa: ASYNC110 - what ends it is a file's name
            await asyncio.sleep(0)

    def check(self) -> None:
        self.runner.run(self._settle())
        problems, self.problems = self.problems, []
        assert problems == []


class _Log(logging.Handler):
    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.emit = bench.emit  # type: ignore[method-assign]


@contextlib.contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    made = Bench(folder)
    handler = _Log(made)
    logging.getLogger().addHandler(handler)
    made.runner.run(made.start())
    try:
        yield made
    finally:
        made.stop()
        logging.getLogger().removeHandler(handler)


async def converse(url: str, sends: list[bytes]) -> bytes:
    """What comes back for these sends by the time that another client has had its answer."""
    got = bytearray()

    async def read(peer: Peer) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await peer.read():
                got.extend(data)

    async with client(url) as peer:
        reading = asyncio.create_task(read(peer))
        with contextlib.suppress(ConnectionError):
            for data in sends:
                await peer.send(data)
                await asyncio.sleep(0)
        await still_serves(url)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
    return bytes(got)


async def still_serves(url: str) -> None:
    good = await fetch(url, GOOD)
    assert (good.status, good.body, good.fate) == (200, b"ok", "whole")
