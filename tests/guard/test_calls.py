"""What an event costs the pure core, in Python calls, the least of which nobody would notice by the clock.

Each bound is for an event more in the same read, where every event comes in a chunk of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from sseproxy.cassette import encode
from sseproxy.exchange import Framing, ResponseHead
from sseproxy.http1 import ResponseFramer, chunk
from sseproxy.redaction import Masker, built_in
from sseproxy.upstream.response import ResponseParser
from tests.e2e.streams import head

EVENT = b'message:\ndata:{"event":"token","data":" and so on"}\n\n'
FEW, MANY = 500, 1_000
ROOM = 0.05
"""Calls per event that versions of Python may differ by."""


def calls(work: Callable[[], object]) -> int:
    """How many functions are called in Python and from Python."""
    count = 0

    def profile(frame: FrameType, kind: str, argument: object) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def parse(events: int) -> Callable[[], object]:
    """A read is taken out of its chunks."""
    parser = ResponseParser("GET", upgrade=False)
    parser.feed(head(Framing.CHUNKED, 0), 0)
    return lambda: parser.feed(chunk(EVENT) * events, 0)


def store(events: int) -> Callable[[], object]:
    """A read becomes lines of the cassette."""
    return lambda: encode.data(0, EVENT * events)


def frame(events: int) -> Callable[[], object]:
    """A read is put into chunks for the client."""
    answer = ResponseHead(0, 200, b"OK", "1.1", (), Framing.CHUNKED)
    framer = ResponseFramer(answer, client_version="1.1", keep_alive=True)
    return lambda: framer.body([EVENT] * events)


def look(events: int) -> Callable[[], object]:
    """A read is looked through for secrets."""
    masker = Masker(((b"Content-Type", b"text/event-stream"),), built_in())
    masker.feed(0, EVENT)
    masker.passes(EVENT * MANY)  # `re` has its pattern from here on
    return lambda: masker.passes(EVENT * events)


@pytest.mark.parametrize(
    ("work", "bound"),
    [(parse, 0), (store, 0), (frame, 2), (look, 0)],
    ids=["parse: nothing", "store: nothing", "frame: chunk and len", "look for secrets: nothing"],
)
def test_calls_for_an_event_more(work: Callable[[int], Callable[[], object]], bound: int) -> None:
    assert (calls(work(MANY)) - calls(work(FEW))) / (MANY - FEW) <= bound + ROOM
