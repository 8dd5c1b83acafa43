"""Cassettes to try the command line on, written by the package's own encoder."""

from __future__ import annotations

from pathlib import Path

from sseproxy.cassette import encode
from sseproxy.cassette.naming import PART, SUFFIX
from sseproxy.exchange import Arrival, End, Ending, Exchange, Framing, Head, Headers, Request, ResponseHead

TARGET = b"/api/v1/prediction/5f0c"
ASKED = b'{"question":"Hi","streaming":true}'
EVENTS = (b"event: token\ndata: Hal\n\n", b"event: token\ndata: lo\n\n", b"event: end\ndata: [DONE]\n\n")
CHUNKED = (b"Transfer-Encoding", b"chunked")
STREAM: Headers = ((b"Content-Type", b"text/event-stream"), CHUNKED)

HEAD_AT = 5_000
STEP = 10_000
"""Microseconds between two reads; the first one's time, too."""


def stream(
    *reads: bytes,
    id: str = "01KAQ3M5Z8T7QRSV",
    wall: str = "2026-11-23T00:41:34.120415Z",
    method: str = "POST",
    target: bytes = TARGET,
    headers: Headers = STREAM,
    ending: Ending | None = Ending.CLEAN,
) -> Exchange:
    """An exchange whose body came in these reads (three events where none are given), 10 ms apart.

    `ending` None: the recorder died.
    """
    arrivals = tuple(Arrival(STEP * number, data) for number, data in enumerate(reads or EVENTS, 1))
    after = STEP * (len(arrivals) + 1)
    return Exchange(
        Head(id, "sseproxy/0.1.0", wall, "01KAQ3KX", 0, "http://localhost:3000"),
        Request(method, target, "1.1", ((b"Content-Type", b"application/json"),), ASKED),
        ResponseHead(HEAD_AT, 200, b"OK", "1.1", headers, Framing.CHUNKED),
        arrivals,
        (),
        End(after, ending, sum(len(data) for _, data in arrivals)) if ending else None,
    )


def unanswered(ending: Ending, detail: str = "", *, id: str = "01KAQ3M5Z8T7QRSV") -> Exchange:
    """An exchange that ended before the upstream sent a head."""
    whole = stream(id=id)
    return Exchange(whole.head, whole.request, None, (), (), End(STEP, ending, 0, detail=detail))


def encoded(value: Exchange) -> bytes:
    """The lines of its cassette."""
    lines = [encode.head(value.head)]
    if value.request:
        lines.append(encode.request(value.request))
    if value.response:
        lines.append(encode.response(value.response))
    notes = list(value.notes)
    for number, (t, data) in enumerate(value.arrivals):
        lines += [encode.note(note.t, note.text, note.tags) for note in notes if note.after == number]
        lines.append(encode.data(t, data))
    lines += [
        encode.note(note.t, note.text, note.tags) for note in notes if note.after >= len(value.arrivals)
    ]
    if value.end:
        lines.append(encode.end(value.end))
    return b"".join(lines)


def save(folder: Path, value: Exchange, name: str | None = None) -> Path:
    """Writes the cassette; without an end it is a `.part`, as a recorder leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or value.head.id + (SUFFIX if value.end else PART))
    path.write_bytes(encoded(value))
    return path
