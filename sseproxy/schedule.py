"""An exchange as steps with due times: what a replay plays, and when.

Due times are absolute, in microseconds from the request, so that no error adds up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sseproxy.exchange import HOLE, Arrival, End, Ending, Exchange, ResponseHead

Action = ResponseHead | bytes | End


@dataclass(frozen=True, slots=True)
class Step:
    due: int
    """Microseconds after the request."""
    action: Action
    """A head to send, body bytes of one arrival, or how to finish."""


def schedule(exchange: Exchange, speed: float = 1.0) -> tuple[Step, ...]:
    """The steps of one replay, in order. `speed` 2 is twice as fast; `math.inf` has all due at once.

    Due times never decrease, whatever a hand has edited. A recording with a hole is played up to the
    hole and then broken off: a client must not take what is left for the whole.
    """
    hole = next((note for note in exchange.notes if HOLE in note.tags), None)
    arrivals: tuple[Arrival, ...] = exchange.arrivals[: hole.after] if hole else exchange.arrivals
    end = exchange.end or End(exchange.duration, Ending.INCOMPLETE, len(exchange.body))
    if hole:
        end = End(hole.t, Ending.LOSSY, sum(len(arrival.data) for arrival in arrivals))
    timed: list[tuple[int, Action]] = []
    if exchange.response:
        timed.append((exchange.response.t, exchange.response))
    timed += [(arrival.t, arrival.data) for arrival in arrivals]
    timed.append((end.t, end))
    steps = []
    latest = 0
    for t, action in timed:
        latest = max(latest, 0 if math.isinf(speed) else round(t / speed))
        steps.append(Step(latest, action))
    return tuple(steps)
