"""What is odd in a cassette that can be read all the same."""

from __future__ import annotations

from sseproxy.analysis.events import read_stream
from sseproxy.exchange import Ending, Exchange, Framing, header


def findings(exchange: Exchange) -> list[str]:
    """A sentence for each oddity; none where the cassette is as a recorder leaves it."""
    odd = []
    stored = len(exchange.body)
    if exchange.end is None:
        odd.append("incomplete: no end record, its recorder died or is still at work")
    elif exchange.end.bytes != stored:
        odd.append(
            f"the end record counts {exchange.end.bytes} body bytes, there are {stored}: edited by hand"
        )
    if exchange.ending is Ending.LOSSY:
        odd.append("lossy: part of the stream was not recorded")
    if problem := read_stream(exchange).problem:
        odd.append(problem)
    response = exchange.response
    chunked = response is not None and response.framing is Framing.CHUNKED
    if response and chunked and header(response.headers, b"transfer-encoding") is None:
        odd.append("the framing is chunked and no Transfer-Encoding header says so: edited by hand")
    times = [arrival.t for arrival in exchange.arrivals]
    if times != sorted(times):
        odd.append("the times of the data records go back")
    return odd
