"""A stream as the kinds of its events: what contracts are about."""

from __future__ import annotations

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.lint import Expectations
from sseproxy.dialects import Dialect, detect
from sseproxy.exchange import Exchange


def kinds(exchange: Exchange, expectations: Expectations) -> tuple[Dialect, list[str]]:
    """The dialect of an exchange and the kinds of its events, without those that may come anywhere."""
    events = [timed.event for timed in read_stream(exchange).dispatched]
    dialect = expectations.dialect or detect(events, expectations.dialects)
    found = [dialect.meaning(event).kind for event in events]
    return dialect, [kind for kind in found if kind not in dialect.anywhere]
