"""Cassettes to replay and to read, made as our recorder would make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sseproxy.cassette import encode
from sseproxy.cassette.naming import Ids, file_name, wall_text
from sseproxy.exchange import End, Ending, Framing, Head, Request, ResponseHead
from tests.bench.workloads import Workload

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
OVERHEAD = 77
"""Bytes of an event that are no padding."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def event(stream: int, number: int, stamp: int, size: int) -> bytes:
    """The event that wire/wire.h describes."""
    start = (stream * 7 + number) % len(ALPHABET)
    padding = (ALPHABET * (size // len(ALPHABET) + 2))[start : start + size - OVERHEAD]
    return b'message:\ndata:{"event":"token","data":"%06d %08d %017d %b"}\n\n' % (
        stream,
        number,
        stamp,
        padding.encode(),
    )


def request(stream: int, workload: Workload) -> Request:
    """What the client asks for a stream, word for word."""
    due = "/due" if workload.due else ""
    target = f"/bench/{stream}/{workload.events}/{workload.size}/{workload.gap}{due}"
    body = b'{"question": "Stream %d, please", "streaming": true}' % stream
    headers = ((b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body)))
    return Request("POST", target.encode(), "1.1", headers, body)


def due_times(stream: int, workload: Workload) -> list[int]:
    """Microseconds from the request, the gaps between half and one and a half of the workload's."""
    random = Random(stream)
    times, t = [], 0
    for _ in range(workload.events):
        t += random.randint(workload.gap // 2, workload.gap + workload.gap // 2)
        times.append(t)
    return times


def cassette(stream: int, workload: Workload, id: str) -> bytes:
    return _head(stream, id) + _rest(stream, workload)


def _head(stream: int, id: str) -> bytes:
    wall = wall_text(BEGAN + timedelta(milliseconds=stream))
    return encode.head(Head(id, "bench", wall, "BENCH", stream * 1_000, "http://127.0.0.1:3000"))


def _rest(stream: int, workload: Workload) -> bytes:
    times = due_times(stream, workload)
    kind = ((b"Content-Type", b"text/event-stream"), (b"Transfer-Encoding", b"chunked"))
    answer = ResponseHead(min(1_000, times[0]), 200, b"OK", "1.1", kind, Framing.CHUNKED)
    lines = [encode.request(request(stream, workload)), encode.response(answer)]
    lines += [encode.data(t, event(stream, number, t, workload.size)) for number, t in enumerate(times)]
    lines.append(encode.end(End(times[-1], Ending.CLEAN, workload.events * workload.size)))
    return b"".join(lines)


def fill(folder: Path, workload: Workload, count: int, distinct: int) -> None:
    """Writes `count` cassettes, of `distinct` different exchanges."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = Ids(Random(0))
    rests = [_rest(stream, workload) for stream in range(distinct)]
    for number in range(count):
        wall = BEGAN + timedelta(milliseconds=number)
        asked = request(number % distinct, workload)
        name = file_name(wall, asked.method, asked.target, id := ids.next(wall))
        (folder / name).write_bytes(_head(number, id) + rests[number % distinct])
