"""What is odd in a cassette that can be read all the same."""

from __future__ import annotations

from itertools import chain, pairwise

from sseproxy.analysis.events import coding_problem
from sseproxy.exchange import Ending, Exchange, Framing, header


def findings(exchange: Exchange) -> list[str]:
    """A sentence for each oddity; none where the cassette is as a recorder leaves it."""
    odd = []
    stored = exchange.size
    if exchange.end is None:
        odd.append("incomplete: no end record, its recorder died, could not write on, or is still at work")
    elif exchange.end.bytes != stored:
        odd.append(
            f"the end record counts {exchange.end.bytes} body bytes, there are {stored}: edited by hand"
        )
    if exchange.ending is Ending.LOSSY:
        odd.append("lossy: part of the stream was not recorded")
    if problem := coding_problem(exchange):
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
    first = [exchange.response.t] if exchange.response else []
    last = [exchange.end.t] if exchange.end else []
    times = chain(first, (arrival.t for arrival in exchange.arrivals), last)
    return any(after < before for before, after in pairwise(times))
