"""An exchange to cassette lines: one function a record, each giving whole lines with their LF.

Keys stand in a fixed order so that a diff of two cassettes shows what changed and nothing else.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence

import orjson

from sseproxy.cassette.migrate import FORMAT, VERSION
from sseproxy.exchange import End, Head, Headers, Request, ResponseHead

SLICE_LIMIT = 65_536
"""Bytes after which an arrival is cut even where no event ends."""

_BLANK_LINE = re.compile(rb"(?:\r\n?|\n)(?:\r\n?|\n)")


def _line(record: Mapping[str, object]) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _text(data: bytes) -> str | dict[str, str]:
    """A string of a head: itself where it is UTF-8, else {"b64": …}."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}


def _content(data: bytes) -> dict[str, str]:
    """Body bytes: `text` where they are UTF-8, else `b64`."""
    text = _text(data)
    return {"text": text} if isinstance(text, str) else text


def _headers(headers: Headers) -> list[list[str | dict[str, str]]]:
    return [[_text(name), _text(value)] for name, value in headers]


def _redacted(names: Sequence[str]) -> dict[str, Sequence[str]]:
    return {"redacted": names} if names else {}


def head(value: Head) -> bytes:
    return _line(
        {
            "k": "head",
            "format": FORMAT,
            "version": VERSION,
            "id": value.id,
            "by": value.by,
            "wall": value.wall,
            "session": value.session,
            "session_t": value.session_t,
            "upstream": value.upstream,
        }
    )


def request(value: Request, redacted: Sequence[str] = ()) -> bytes:
    """`value.body` is what had come when the record was written; uploads follow with the rest."""
    return _line(
        {
            "k": "request",
            "t": 0,
            "method": value.method,
            "target": _text(value.target),
            "version": value.version,
            "headers": _headers(value.headers),
            "body": {**_content(value.body), "bytes": len(value.body)},
            **_redacted(redacted),
        }
    )


def upload(t: int, data: bytes) -> bytes:
    return _line({"k": "upload", "t": t, **_content(data)})


def upload_end(t: int, size: int, *, complete: bool) -> bytes:
    """`size`: bytes of the whole request body as far as it came."""
    return _line({"k": "upload_end", "t": t, "bytes": size, "complete": complete})


def response(value: ResponseHead, redacted: Sequence[str] = ()) -> bytes:
    return _line(
        {
            "k": "response",
            "t": value.t,
            "status": value.status,
            "reason": _text(value.reason),
            "version": value.version,
            "headers": _headers(value.headers),
            "framing": value.framing,
            **_redacted(redacted),
        }
    )


def note(t: int, text: str, tags: Sequence[str] = ()) -> bytes:
    return _line({"k": "note", "t": t, "text": text, "tags": tags})


def end(value: End) -> bytes:
    return _line(
        {
            "k": "end",
            "t": value.t,
            "reason": value.reason,
            "bytes": value.bytes,
            **({"trailers": _headers(value.trailers)} if value.trailers else {}),
            **({"client": "left"} if value.client_left else {}),
            **({"detail": value.detail} if value.detail else {}),
        }
    )


def data(t: int, arrival: bytes) -> bytes:
    """The `data` records of one arrival, one slice a line.

    A read of many events is encoded at once and its encoded form cut, which costs a tenth of encoding
    event by event (0.3 against 3 µs an event). What looks like two escaped line ends there may begin with the
    tail of an escaped backslash and an `n`; the cut still lies behind a real line end, so there is a slice
    too many at worst, and slices only lay out the file.
    """
    if b"\r" not in arrival and _cut_by_blank_lines(arrival):
        try:
            text = arrival.decode()
        except UnicodeDecodeError:
            pass
        else:
            start = b'{"k":"data","t":%d,"text":"' % t
            cut = b'","more":true}\n' + start
            inner = orjson.dumps(text)[1:-1].replace(b"\\n\\n", b"\\n\\n" + cut)
            return start + inner.removesuffix(cut) + b'"}\n'
    slices = list(_slices(arrival))
    lines = [
        _line({"k": "data", "t": t, **_content(piece), **({} if last else {"more": True})})
        for piece, last in zip(slices, [False] * (len(slices) - 1) + [True], strict=True)
    ]
    return b"".join(lines)


def _cut_by_blank_lines(arrival: bytes) -> bool:
    """Whether no slice would pass the limit if cut after LF LF alone."""
    position = 0
    while len(arrival) - position > SLICE_LIMIT:
        cut = arrival.rfind(b"\n\n", position, position + SLICE_LIMIT)
        if cut < 0:
            return False
        position = cut + 2
    return True


def _slices(arrival: bytes) -> Iterator[bytes]:
    start = 0
    for blank in _BLANK_LINE.finditer(arrival):
        yield from _limited(arrival[start : blank.end()])
        start = blank.end()
    if start < len(arrival):
        yield from _limited(arrival[start:])


def _limited(piece: bytes) -> Iterator[bytes]:
    """Pieces of at most the limit, not cut inside a UTF-8 sequence, so that text stays text."""
    start = 0
    while len(piece) - start > SLICE_LIMIT:
        stop = start + SLICE_LIMIT
        while stop > start + SLICE_LIMIT - 4 and piece[stop] & 0xC0 == 0x80:
            stop -= 1
        yield piece[start:stop]
        start = stop
    yield piece[start:]
