"""An exchange as steps with due times: what a replay plays, and when.

Due times are absolute, in microseconds from the request, so that no error adds up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sseproxy.errors import SseproxyError
from sseproxy.exchange import HOLE, Arrival, End, Ending, Exchange, Framing, ResponseHead, header

SLOWEST = 0.001
"""A minute takes most of a day then; far below, times would be beyond what a number holds."""

Action = ResponseHead | bytes | End


class Step(NamedTuple):
    due: int
    """Microseconds after the request."""
    action: Action
    """A head to send, body bytes of one arrival, or how to finish."""


def schedule(exchange: Exchange, speed: float = 1.0) -> tuple[Step, ...]:
    """The steps of one replay, in order. `speed` 2 is twice as fast; `math.inf` has all due at once.

    Due times never decrease, whatever a hand has edited.
    """
    arrivals, end = _told(exchange)
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


def parse_speed(value: object) -> float:
    """A factor from SLOWEST on, as a number or a text; `max` is math.inf. Raises SseproxyError."""
    if value in ("max", math.inf):
        return math.inf
    try:
        is_one = isinstance(value, str | int | float) and not isinstance(value, bool)
        speed = float(value) if is_one else math.nan  # type: ignore[arg-type]
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed >= SLOWEST):
        raise SseproxyError(f"{value!r} is neither a number from {SLOWEST} on nor 'max'")
    return speed


def _told(exchange: Exchange) -> tuple[Sequence[Arrival], End]:
    """What of the body is played, and how it ends then: a client must never take a part for the whole.

    A recording with a hole is played up to the hole. A body that a hand has edited is held to the length
    that its head announces.
    """
    arrivals: Sequence[Arrival] = exchange.arrivals
    end = exchange.end or End(exchange.duration, Ending.INCOMPLETE, len(exchange.body))
    if hole := next((note for note in exchange.notes if HOLE in note.tags), None):
        arrivals = arrivals[: hole.after]
        return arrivals, End(hole.t, Ending.LOSSY, sum(len(data) for _, data in arrivals))
    announced = _announced_length(exchange)
    if announced is not None and announced != len(exchange.body):
        arrivals = _cut(arrivals, announced)
        if announced > len(exchange.body) and end.reason.whole:
            end = replace(end, reason=Ending.TRUNCATED)
    return arrivals, end


def _announced_length(exchange: Exchange) -> int | None:
    if exchange.response is None or exchange.response.framing is not Framing.LENGTH:
        return None
    value = header(exchange.response.headers, b"content-length") or b""
    return int(value) if re.fullmatch(rb"[0-9]{1,18}", value) else None


def _cut(arrivals: Sequence[Arrival], length: int) -> list[Arrival]:
    kept = []
    for t, data in arrivals:
        if piece := data[:length]:
            kept.append(Arrival(t, piece))
        length -= len(piece)
    return kept
