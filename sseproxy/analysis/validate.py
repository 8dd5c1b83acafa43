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
    if times_go_back(exchange):
        odd.append(TIMES_GO_BACK)
    return odd


TIMES_GO_BACK = "the times of the records go back"


def times_go_back(exchange: Exchange) -> bool:
    """Of the response, of the data, or of the end: a recorder's never do."""
    times = [exchange.response.t] if exchange.response else []
    times += [arrival.t for arrival in exchange.arrivals]
    times += [exchange.end.t] if exchange.end else []
    return times != sorted(times)
