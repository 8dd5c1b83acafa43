"""An exchange as the JSON that `show --json` prints: a stable interface."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from sseproxy.analysis.events import Stream, TimedEvent
from sseproxy.exchange import Exchange


def as_json(cassette: str, exchange: Exchange, stream: Stream) -> dict[str, object]:
    """Dispatched events only, as WHATWG has it; `t` in microseconds from the request."""
    return {**_outline(cassette, exchange), "events": [_event(timed) for timed in stream.dispatched]}


def json_pieces(cassette: str, exchange: Exchange, stream: Stream) -> Iterator[bytes]:
    """The same as text, indented as in an array, and never whole in memory."""
    outline = orjson.dumps({**_outline(cassette, exchange), "events": []}, option=orjson.OPT_INDENT_2)
    yield b"  " + outline.removesuffix(b"[]\n}").replace(b"\n", b"\n  ")
    before = b"[\n      "
    for timed in stream.dispatched:
        event = orjson.dumps(_event(timed), option=orjson.OPT_INDENT_2)
        yield before + event.replace(b"\n", b"\n      ")
        before = b",\n      "
    yield (b"\n    ]" if stream.dispatched else b"[]") + b"\n  }"


def _outline(cassette: str, exchange: Exchange) -> dict[str, object]:
    request, response = exchange.request, exchange.response
    return {
        "cassette": cassette,
        "id": exchange.head.id,
        "wall": exchange.head.wall,
        "method": request.method if request else None,
        "target": request.target.decode("utf-8", "backslashreplace") if request else None,
        "status": response.status if response else None,
        "ending": exchange.ending,
    }


def _event(timed: TimedEvent) -> dict[str, object]:
    event = timed.event
    return {"t": timed.t, "event": event.type, "data": event.data, "id": event.id, "retry": event.retry}
