"""HTTP Archive 1.2: what browsers' network panels and many tools read.

Events stand in `_eventSourceMessages`, as Chromium's developer tools write them. What HAR has no field for
(read boundaries, the ending, notes, the session) stands in `_sseproxy`, and an import takes it back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import parse_qsl

import orjson

import sseproxy
from sseproxy.analysis.body import readable_body, utf8
from sseproxy.analysis.events import read_stream
from sseproxy.cassette import encode
from sseproxy.exchange import Exchange, Headers, header, media_type
from sseproxy.sse import EVENT_STREAM

Json = dict[str, object]


def har(sources: Iterable[tuple[str, Exchange]]) -> Iterator[bytes]:
    """The document piece by piece, an entry a line: as long as one exchange fits in memory, all do."""
    creator = {"name": "sseproxy", "version": sseproxy.__version__}
    yield b'{"log":{"version":"1.2","creator":%b,"entries":[' % orjson.dumps(creator)
    for number, (_, exchange) in enumerate(sources):
        yield (b",\n" if number else b"\n") + orjson.dumps(entry(exchange))
    yield b"\n]}}\n"


def entry(exchange: Exchange) -> Json:
    answered = exchange.response.t if exchange.response else exchange.duration
    result: Json = {
        "startedDateTime": exchange.head.wall,
        "time": exchange.duration / 1e3,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "connect": -1,
            "ssl": -1,
            "send": 0,
            "wait": answered / 1e3,
            "receive": max(0, exchange.duration - answered) / 1e3,
        },
    }
    if messages := _messages(exchange):
        result["_eventSourceMessages"] = messages
    return {**result, "_sseproxy": _own(exchange)}


def url(exchange: Exchange) -> bytes:
    """Where the request went, as far as the cassette tells: the upstream's URL and the target behind it.

    A route's prefix is part of the target, and the upstream may not have got it.
    """
    if exchange.request is None:
        return b"about:blank"
    target = exchange.request.target
    if not target.startswith(b"/"):  # absolute, or `*`
        return target if b"://" in target else exchange.head.upstream.encode() + b"/"
    return exchange.head.upstream.rstrip("/").encode() + target


def _request(exchange: Exchange) -> Json:
    request = exchange.request
    if request is None:
        empty: Json = {"method": "", "url": "about:blank", "httpVersion": "", "cookies": [], "headers": []}
        return {**empty, "queryString": [], "headersSize": -1, "bodySize": -1, "comment": "not recorded"}
    query = request.target.partition(b"?")[2].decode("utf-8", "replace")
    told: Json = {
        "method": request.method,
        "url": _text(url(exchange)),
        "httpVersion": f"HTTP/{request.version}",
        "cookies": [],
        "headers": _headers(request.headers),
        "queryString": [{"name": n, "value": v} for n, v in parse_qsl(query, keep_blank_values=True)],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        kind = _text(header(request.headers, b"content-type") or b"")
        told["postData"] = {"mimeType": kind, "params": [], "text": _text(request.body)}
    return told


def _response(exchange: Exchange) -> Json:
    response = exchange.response
    if response is None:
        empty: Json = {"status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": []}
        content = {"size": 0, "mimeType": ""}
        told = {"content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1}
        return {**empty, **told, "_error": str(exchange.ending)}
    return {
        "status": response.status,
        "statusText": _text(response.reason),
        "httpVersion": f"HTTP/{response.version}",
        "cookies": [],
        "headers": _headers(response.headers),
        "content": _content(exchange, header(response.headers, b"content-type") or b""),
        "redirectURL": _text(header(response.headers, b"location") or b""),
        "headersSize": -1,
        "bodySize": len(exchange.body),
    }


def _content(exchange: Exchange, kind: bytes) -> Json:
    plain = readable_body(exchange)
    text = utf8(plain)
    told: Json = {"size": len(plain), "mimeType": _text(kind)}
    if plain != exchange.body:
        told["compression"] = len(plain) - len(exchange.body)
    if text is None:
        return {**told, "text": base64.b64encode(plain).decode(), "encoding": "base64"}
    return {**told, "text": text}


def _messages(exchange: Exchange) -> list[Json]:
    """Time in seconds since 1970, as Chromium has it. Lines of JSON are no messages of an event source."""
    response = exchange.response
    if response is None or media_type(response.headers) != EVENT_STREAM:
        return []
    try:
        began = datetime.fromisoformat(exchange.head.wall).timestamp()
    except ValueError:  # a hand has edited it
        began = 0
    return [
        {
            "time": began + timed.t / 1e6,
            "eventName": timed.event.type,
            "eventId": timed.event.id,
            "data": timed.event.data,
        }
        for timed in read_stream(exchange).dispatched
    ]


def _own(exchange: Exchange) -> Json:
    """The cassette's records, the response's body in them by its sizes alone, and what HAR would alter."""
    records = []
    for lines in encode.exchange(exchange):
        record = orjson.loads(
            lines.partition(b"\n")[0]
        )  # of a read's slices the first: the time is theirs all
        if record["k"] == "request":
            record["body"] = {"bytes": record["body"]["bytes"]}
        if record["k"] == "data":
            record = {"k": "data", "t": record["t"]}
        records.append(record)
    for record, (_, data) in zip(
        (each for each in records if each["k"] == "data"), exchange.arrivals, strict=True
    ):
        record["bytes"] = len(data)
    told: Json = {"records": records}
    if readable_body(exchange) != exchange.body:
        told["body"] = base64.b64encode(exchange.body).decode()
    if exchange.request and utf8(exchange.request.body) is None:
        told["request_body"] = base64.b64encode(exchange.request.body).decode()
    return told


def _headers(headers: Headers) -> list[Json]:
    return [{"name": _text(name), "value": _text(value)} for name, value in headers]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
