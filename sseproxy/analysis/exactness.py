"""How exact a replay was: the recorded exchange against what a client got."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sseproxy.analysis.events import read_stream
from sseproxy.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Exactness:
    """What a replay kept. Errors are in microseconds."""

    bytes_equal: bool
    boundaries_equal: bool
    """Whether the client read the body in the same pieces; a client that was held up joins some."""
    order_equal: bool
    """Whether the same events came in the same order."""
    ending_equal: bool
    """Whether the client saw the stream end as the recorder did."""
    errors: tuple[int, ...]
    """How much later than due each event came, in order."""

    @property
    def same(self) -> bool:
        return self.bytes_equal and self.order_equal and self.ending_equal


def compare(recorded: Exchange, replayed: Exchange, speed: float) -> Exactness:
    """`replayed` holds what a client read, timed from its request; `speed` is what it was asked to be."""
    was, now = read_stream(recorded).events, read_stream(replayed).events
    pairs = list(zip(was, now, strict=False))
    order_equal = len(was) == len(now) and all(
        (a.event.type, a.event.data, a.event.id) == (b.event.type, b.event.data, b.event.id) for a, b in pairs
    )
    return Exactness(
        bytes_equal=recorded.body == replayed.body,
        boundaries_equal=[data for _, data in recorded.arrivals] == [data for _, data in replayed.arrivals],
        order_equal=order_equal,
        ending_equal=recorded.ending == replayed.ending,
        errors=tuple(b.t - (0 if math.isinf(speed) else round(a.t / speed)) for a, b in pairs),
    )
