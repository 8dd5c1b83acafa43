"""Exchanges of every kind the format can hold, and the cassettes that a recorder would make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st

from sseproxy.cassette import encode
from sseproxy.cassette.naming import wall_text
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

# The same examples on every run, and no deadline for one: a busy machine says nothing about the code.
thorough = settings(max_examples=150, deadline=None, derandomize=True)
brief = settings(thorough, max_examples=40)
"""For what is slow and simple."""

LIMIT = encode.SLICE_LIMIT

# What an event stream is made of, and what could be taken for something else in a line of JSON.
PIECES = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\n\n\n", b"\n\n\n\n"),
    *(b"data: a", b"event: t\n", b'data:{"event":"token","data":"a"}\n\n', b": c\n\n"),
    *(b"\\", b"\\\\", b"\\n", b"\\n\\n", b"\\r\\n", b'"', b'"}\n', b'","more":true}\n', b"\\u000a", b"/"),
    *(b"\0", b"\x1f", b"\x7f", "é".encode(), "€".encode(), "😀".encode(), "\u2028\u2029\x85\ufeff".encode()),
    # Sequences cut short, overlong, of surrogates, past U+10FFFF; bytes that begin none.
    *(b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xc0\x8a", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff"),
)

times = st.integers(0, 10**15)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
octets = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=6).map(b"".join)
reads = st.lists(st.sampled_from(PIECES) | st.binary(min_size=1, max_size=3), min_size=1, max_size=15).map(
    b"".join
)
# What stands in one line of a head.
one_line = octets.map(lambda data: data.translate(None, b"\r\n\0"))
header_lists = st.lists(st.tuples(one_line, one_line), max_size=4).map(tuple)
versions = st.sampled_from(["1.0", "1.1"])


@st.composite
def large_reads(draw: st.DrawFn) -> bytes:
    """A read with something of interest at, or a few bytes from, the place where a slice has to end."""
    unit = draw(st.sampled_from([b"a", "é".encode(), "€".encode(), "😀".encode(), b"\xff", b"\\"]))
    before = b"a" * draw(st.integers(0, 3)) + unit * ((LIMIT - draw(st.integers(0, 8))) // len(unit))
    parts = [before, draw(reads)]
    if draw(st.booleans()):
        parts += [unit * ((LIMIT + draw(st.integers(-4, 4))) // len(unit)), draw(reads)]
    return b"".join(parts)


heads = st.builds(
    Head,
    id=texts,
    by=texts,
    wall=st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)).map(wall_text),
    session=texts,
    session_t=times,
    upstream=texts,
)
responses = st.builds(
    ResponseHead,
    t=times,
    status=st.integers(100, 999),
    reason=one_line,
    version=versions,
    headers=header_lists,
    framing=st.sampled_from(Framing),
)
ends = st.builds(
    End,
    t=times,
    reason=st.sampled_from([ending for ending in Ending if ending is not Ending.INCOMPLETE]),
    bytes=st.integers(0, 2**53),
    trailers=header_lists,
    client_left=st.booleans(),
    detail=texts,
)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Whatever a recorder can have written: it may have died after any record."""
    came: tuple[Arrival, ...] = ()
    notes: list[Note] = []
    request = draw(
        st.none()
        | st.builds(
            Request,
            method=texts,
            target=octets,
            version=versions,
            headers=header_lists,
            body=octets,
            complete=st.booleans(),
        )
    )
    if request and request.complete:
        request = replace(request, trailers=draw(header_lists))
    response = draw(st.none() | responses) if request else None
    if response:
        came = tuple(draw(st.lists(st.builds(Arrival, times, reads), max_size=5)))
    for after in range(len(came) + 1):
        tags = st.lists(texts, max_size=2).map(tuple)
        notes += draw(st.lists(st.builds(Note, times, texts, tags, st.just(after)), max_size=1))
    end = draw(st.none() | ends) if request else None
    return Exchange(draw(heads), request, response, came, tuple(notes), end)


def records(exchange: Exchange, uploads: tuple[int, ...] = ()) -> list[bytes]:
    """The lines of a cassette, one call of the encoder each.

    `uploads`: where the request's body is cut; what is behind the first cut comes in `upload` records. A body
    that is not complete has an `upload_end` in any case, for nothing else says so.
    """
    lines = [encode.head(exchange.head)]
    if request := exchange.request:
        first, *later = _cut(request.body, uploads)
        in_one = request.complete and not later
        begun = replace(request, body=first, trailers=request.trailers if in_one else ())
        lines.append(encode.request(begun))
        lines += [encode.upload(1, part) for part in later]
        if later or not request.complete:
            size = len(request.body)
            lines.append(encode.upload_end(2, size, request.trailers, complete=request.complete))
    if exchange.response:
        lines.append(encode.response(exchange.response))
    for i, arrival in enumerate((*exchange.arrivals, None)):
        lines += [encode.note(note.t, note.text, note.tags) for note in exchange.notes if note.after == i]
        if arrival:
            lines.append(encode.data(*arrival))
    if exchange.end:
        lines.append(encode.end(exchange.end))
    return lines


def _cut(data: bytes, places: tuple[int, ...]) -> list[bytes]:
    inner = sorted(min(place, len(data)) for place in places)
    return [data[a:b] for a, b in zip([0, *inner], [*inner, len(data)], strict=True)]


def cassette(exchange: Exchange) -> bytes:
    return b"".join(records(exchange))
