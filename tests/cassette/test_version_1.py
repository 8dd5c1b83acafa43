"""A cassette of version 1, written by hand: whatever version comes, this one stays readable."""

from __future__ import annotations

from pathlib import Path

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.validate import findings
from sseproxy.cassette.store import load
from sseproxy.exchange import (
    Arrival,
    End,
    Ending,
    Exchange,
    Framing,
    Head,
    Note,
    Request,
    ResponseHead,
)

FIXTURE = Path(__file__).parent.parent / "fixtures" / "v1.sse.jsonl"

EXPECTED = Exchange(
    head=Head(
        id="01KAQ3M5Z8T7QRSV",
        by="sseproxy/0.1.0",
        wall="2026-11-23T00:41:34.120415Z",
        session="01KAQ3KX0000ABCD",
        session_t=5120331,
        upstream="http://[redacted]@localhost:3000/flows",
    ),
    request=Request(
        method="POST",
        target=b"/api/v1/prediction/5f0c?a=%2F&token=[redacted]",
        version="1.1",
        headers=(
            (b"host", b"localhost:8080"),
            (b"Authorization", b"[redacted]"),
            (b"X-Twice", b"1"),
            (b"x-twice", b" 2"),
            (b"X-Latin", b"Gr\xfc\xdfe"),
            (b"X-Text", "Grüße".encode()),
        ),
        body=b'{"question":"Hi","file":"\xff\x00\xfe"}',
        complete=True,
    ),
    response=ResponseHead(
        t=398112,
        status=200,
        reason=b"Parfait\xe9",
        version="1.1",
        headers=(
            (b"Content-Type", b"text/event-stream; charset=utf-8"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Set-Cookie", b"[redacted]"),
        ),
        framing=Framing.CHUNKED,
    ),
    arrivals=(
        Arrival(
            412901,
            'message:\ndata:{"event":"start","data":"Häl"}\n\n'.encode()
            + 'message:\ndata:{"event":"token","data":"a \\"b\\" \\\\n 😀"}\n\n'.encode()
            + b": \xff\n\n"
            + b"message:\r\ndata:half",
        ),
        Arrival(1187390, b"\r\n\r\n"),
        Arrival(1187500, b"data: [DONE]\n\n"),
    ),
    notes=(
        Note(600000, "the user clicked „Stop“", ("mark", "ui"), after=1),
        Note(1187400, "12 body bytes are missing here: No space left on device", ("hole",), after=2),
    ),
    end=End(
        t=1188002,
        reason=Ending.LOSSY,
        bytes=148,
        trailers=((b"X-Checksum", b"9a"), (b"X-Odd", b"\xff")),
        client_left=True,
        detail="12 body bytes were not recorded: No space left on device",
    ),
)


def test_the_fixture_is_read_as_it_always_was() -> None:
    assert load(FIXTURE) == EXPECTED


def test_its_events_are_those_of_its_bytes() -> None:
    assert [(timed.t, timed.event.data) for timed in read_stream(load(FIXTURE)).dispatched] == [
        (412901, '{"event":"start","data":"Häl"}'),
        (412901, '{"event":"token","data":"a \\"b\\" \\\\n 😀"}'),
        (1187390, "half"),
        (1187500, "[DONE]"),
    ]


def test_nothing_is_odd_in_it_but_the_hole_it_tells_of() -> None:
    assert findings(load(FIXTURE)) == ["lossy: part of the stream was not recorded"]
