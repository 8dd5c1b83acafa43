"""What is worked out once for a recording: the same bytes at the same times, in bounded memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.clock import SystemClock
from sseproxy.errors import CassetteError
from sseproxy.exchange import Exchange, Framing, ResponseHead
from sseproxy.http1 import ResponseFramer
from sseproxy.matching import Answers, Loaded
from sseproxy.mock import Mock, Options, app, reels
from sseproxy.mock.reels import Reels, reel
from sseproxy.schedule import schedule
from tests.core import build


def recorded(framing: Framing, *bodies: bytes) -> Exchange:
    head = ResponseHead(0, 200, b"OK", "1.1", (), framing)
    came = [(10 * number, body) for number, body in enumerate(bodies)]
    return build.exchange(build.arrivals(*came), response=head)


@given(st.sampled_from([Framing.CHUNKED, Framing.CLOSE]), st.lists(st.binary(max_size=40)))
def test_a_body_is_framed_as_for_a_client_of_today(framing: Framing, bodies: list[bytes]) -> None:
    exchange = recorded(framing, *bodies)
    assert exchange.response
    framer = ResponseFramer(exchange.response, client_version="1.1", keep_alive=True)
    ready = reel(exchange, math.inf)
    assert ready.steps == schedule(exchange, math.inf)
    assert list(ready.framed) == [
        framer.body([step.action]) if isinstance(step.action, bytes) else b"" for step in ready.steps
    ]


class Counting(Loaded):
    """Knows what was read, in order; the second can't be."""

    def __init__(self, *exchanges: Exchange) -> None:
        super().__init__(exchanges)
        self.read: list[int] = []

    def size(self, number: int) -> int:
        return 10

    def exchange(self, number: int) -> Exchange:
        self.read.append(number)
        if number == 1:
            raise CassetteError("can't be read")
        return super().exchange(number)


FOUR = [
    build.exchange(build.arrivals((0, b"x" * 1000)), head=build.head(str(n)), request=build.request())
    for n in range(4)
]


def test_a_recording_is_read_once_and_kept_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Counting(*FOUR)
    ready = Reels(library, 1.0)
    assert ready.kept(0) is None
    first = ready.make(0)
    assert ready.kept(0) is first
    monkeypatch.setattr(reels, "KEPT_BYTES", 6_500)  # two of them, and not three
    ready.make(2)
    assert ready.kept(0) is first
    ready.make(3)  # in the place of the one that was played longest ago
    assert [ready.kept(number) is not None for number in range(4)] == [True, False, False, True]
    assert library.read == [0, 2, 3]


def test_the_newest_are_read_ahead_and_what_can_not_be_read_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Counting(*FOUR)
    monkeypatch.setattr(app, "READY_BYTES", 35)
    Mock(Answers(library), Options(), SystemClock()).get_ready()
    assert library.read == [3, 2, 1]
