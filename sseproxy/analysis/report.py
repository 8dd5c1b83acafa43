"""An exchange as the JSON that `show --json` prints: a stable interface."""

from __future__ import annotations

from sseproxy.analysis.events import Stream
from sseproxy.exchange import Exchange


def as_json(cassette: str, exchange: Exchange, stream: Stream) -> dict[str, object]:
    """Dispatched events only, as WHATWG has it; `t` in microseconds from the request."""
    request, response = exchange.request, exchange.response
    return {
        "cassette": cassette,
        "id": exchange.head.id,
        "wall": exchange.head.wall,
        "method": request.method if request else None,
        "target": request.target.decode("utf-8", "backslashreplace") if request else None,
        "status": response.status if response else None,
        "ending": exchange.ending,
        "events": [
            {
                "t": timed.t,
                "event": timed.event.type,
                "data": timed.event.data,
                "id": timed.event.id,
                "retry": timed.event.retry,
            }
            for timed in stream.dispatched
        ],
    }
