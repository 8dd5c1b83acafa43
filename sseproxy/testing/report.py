"""What a failing test says of the streams that it got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sseproxy.analysis.events import read_stream
from sseproxy.console.cassettes import showing
from sseproxy.exchange import Exchange
from sseproxy.matching.telling import lines
from sseproxy.printable import counted, printable
from sseproxy.testing.server import SseMock

RECORD = "pytest --sse-record-mode new_episodes"
ASK = " -o sse_upstream=URL"
"""What the command needs more where no upstream was named."""
_LISTED = 10
"""Streams, misses and cassettes that are told; more would bury the failure itself."""
_EVENTS = 200
"""Lines of one stream: of a longer one the first and the last."""


def sections(mock: SseMock) -> Iterator[tuple[str, str]]:
    """Titles and texts, as pytest puts them behind a failure."""
    exchanges, misses, unplayed = mock.raw_exchanges, mock.misses, mock.unplayed
    record = RECORD + ("" if mock.has_upstream else ASK)
    for number, exchange in enumerate(exchanges[:_LISTED], 1):
        yield f"sseproxy: stream {number} of {len(exchanges)}", _stream(exchange)
    for number, miss in enumerate(misses[:_LISTED], 1):
        yield f"sseproxy: miss {number} of {len(misses)}", "\n".join(lines(miss, record))
    if unplayed:
        more = [f"and {len(unplayed) - _LISTED} more"] if len(unplayed) > _LISTED else []
        names = [printable(str(path)) for path in unplayed[:_LISTED]]
        title = f"sseproxy: {counted(len(unplayed), 'cassette')} nobody asked for"
        yield title, "\n".join([*names, *more])


def _stream(exchange: Exchange) -> str:
    shown = showing(exchange, read_stream(exchange), exchange.ending)
    return "\n".join(_middle_left_out([text.plain for text in shown]))


def _middle_left_out(told: list[str]) -> Iterable[str]:
    if len(told) <= _EVENTS:
        return told
    half = _EVENTS // 2
    return [*told[:half], f"… {len(told) - 2 * half} lines …", *told[-half:]]
