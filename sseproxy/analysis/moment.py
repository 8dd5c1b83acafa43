"""An event of a stream, with what it means."""

from __future__ import annotations

from typing import NamedTuple

from sseproxy.dialects import Meaning
from sseproxy.sse import Event


class Moment(NamedTuple):
    """An event, when it came and what it says."""

    number: int
    """Among the events that a listener sees, counted from 1; 0 for one that none sees."""
    t: int
    """Microseconds since the request's head was read."""
    read: int
    """The arrival that completed it, counted from 0."""
    event: Event
    meaning: Meaning
