"""One exchange played to one client: the time, the timer and the client's pace are in the test's hands."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.exchange import End, Ending, Framing, ResponseHead
from sseproxy.http1 import ResponseFramer
from sseproxy.matching import Answers, Loaded
from sseproxy.metrics import Metrics
from sseproxy.mock import Mock, Options
from sseproxy.mock.player import Player
from sseproxy.mock.reels import Reel
from sseproxy.schedule import Action, Step
from sseproxy.server import WAITING_LIMIT, Client
from tests.core import build
from tests.support.net import client, eventually

from .support import Bell, HandClock

HEAD = ResponseHead(0, 200, b"OK", "1.1", (), Framing.LENGTH)
CLEAN = End(0, Ending.CLEAN, 0)
STOPPED = End(0, Ending.PROXY_STOPPED, 0)
ARRIVED = 1_000
"""When the request came."""


class Screen:
    """A client's end of the connection: what was written, each write by itself."""

    def __init__(self) -> None:
        self.arrived = ARRIVED
        self.writes: list[bytes] = []
        self.window: int | None = None
        """How many more writes it takes before it is full; None: any number."""
        self.broken = False
        self.slow: Callable[[], None] = lambda: None
        """What happens while it is written to."""
        self.player: Player | None = None

    def framer(self, head: ResponseHead) -> ResponseFramer:
        return ResponseFramer(head, client_version="1.1", keep_alive=True)

    def write(self, data: bytes) -> None:
        if self.broken:
            raise ValueError("a fault of ours")
        self.writes.append(data)
        self.slow()
        if self.window is not None:
            self.window -= 1
            if self.window == 0 and self.player:
                self.player.client_paused()

    def resume(self, window: int | None = None) -> None:
        self.window = window
        assert self.player
        self.player.client_resumed()


class Stage:
    """Streams that share one alarm."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.bell.clock.time = ARRIVED

    def play(self, *steps: tuple[int, Action], window: int | None = None) -> tuple[Player, Screen]:
        """A stream, its head at 0; due times in microseconds from the request."""
        screen = Screen()
        screen.window = window
        timed = (Step(0, HEAD), *(Step(due, action) for due, action in steps))
        framed = tuple(action if isinstance(action, bytes) else b"" for _, action in timed)
        reel = Reel(timed, tuple(step.due for step in timed), framed, framed)
        player = Player(cast(Client, screen), reel, HEAD, self.bell.clock, self.bell.alarm)
        screen.player = player
        player.play()
        return player, screen

    def at(self, time: int) -> None:
        """Moves the clock to so many microseconds from the request, and lets the timer ring if it is due."""
        self.bell.clock.time = ARRIVED + time
        self.bell.timer.ring()


FRAMED_HEAD = ResponseFramer(HEAD, client_version="1.1", keep_alive=True).head()


async def test_each_step_is_written_at_its_time_and_what_is_due_together_in_one_write() -> None:
    stage = Stage()
    player, screen = stage.play((0, b"a"), (10, b"b"), (10, b"c"), (25, b"d"), (30, CLEAN))
    written = [screen.writes]
    for time in (9, 10, 24, 25, 30):
        before = len(screen.writes)
        stage.at(time)
        written.append(screen.writes[before:])
    assert screen.writes[0] == FRAMED_HEAD + b"a"
    assert written[1:] == [[], [b"bc"], [], [b"d"], [b""]]
    assert player.done.result() == CLEAN
    assert player.punctuality.lateness.worst == 0


async def test_a_late_write_makes_no_other_late() -> None:
    stage = Stage()
    player, screen = stage.play((10, b"a"), (20, b"b"), (30, b"c"), (40, CLEAN))
    for time in (27, 30, 40):
        stage.at(time)
    assert screen.writes[1:] == [b"ab", b"c", b""]
    late = player.punctuality.lateness
    assert (late.count, late.total, late.worst) == (5, 17 + 7, 17)
    assert stage.bell.timer.starts == [10, 3, 10]


async def test_those_that_are_due_together_are_late_by_the_writes_before_theirs() -> None:
    stage = Stage()
    clock = stage.bell.clock
    played = [stage.play((10, b"a"), (100, CLEAN)) for _ in range(3)]

    def take_a_while() -> None:
        clock.time += 7

    for _, screen in played:
        screen.slow = take_a_while
    stage.at(10)
    assert [player.punctuality.lateness.worst for player, _ in played] == [0, 7, 14]


async def test_a_slow_client_holds_up_itself_alone_and_is_not_counted() -> None:
    stage = Stage()
    steps = ((10, b"a"), (20, b"b"), (30, b"c"), (40, CLEAN))
    slow, slow_screen = stage.play(*steps, window=2)
    quick, quick_screen = stage.play(*steps)
    for time in (10, 20, 30):
        stage.at(time)
    assert slow_screen.writes[1:] == [b"a"]
    assert quick_screen.writes[1:] == [b"a", b"b", b"c"]
    stage.bell.clock.time = ARRIVED + 35
    slow_screen.resume()
    assert slow_screen.writes[1:] == [b"a", b"bc"]
    stage.at(43)
    assert (slow.done.result(), quick.done.result()) == (CLEAN, CLEAN)
    # The head, a, and the end; all of the other.
    told = [(each.punctuality.lateness.count, each.punctuality.lateness.total) for each in (slow, quick)]
    assert told == [(3, 3), (5, 3)]


async def test_a_client_that_is_full_is_written_no_more_than_may_wait() -> None:
    stage = Stage()
    piece = b"x" * (WAITING_LIMIT // 2)
    player, screen = stage.play(*[(0, piece)] * 6, (0, CLEAN), window=1)
    assert len(screen.writes) == 1
    screen.resume(window=1)
    assert len(screen.writes) == 2
    assert not player.done.done()
    screen.resume()
    assert player.done.result() == CLEAN
    assert b"".join(screen.writes) == FRAMED_HEAD + 6 * piece
    assert max(map(len, screen.writes)) <= len(FRAMED_HEAD) + WAITING_LIMIT + len(piece)


async def test_a_client_that_reads_again_in_time_changes_nothing() -> None:
    stage = Stage()
    player, screen = stage.play((10, b"a"), (20, CLEAN))
    for _ in range(3):
        player.client_paused()
        screen.resume()
    assert len(screen.writes) == 1
    assert stage.bell.alarm.sets == 1
    stage.at(10)
    assert screen.writes[1:] == [b"a"]


async def test_a_client_that_reads_again_before_the_next_step_still_gets_it_in_time() -> None:
    stage = Stage()
    player, screen = stage.play((10, b"a"), (50, b"b"), (60, CLEAN))
    player.client_paused()
    stage.at(10)
    stage.bell.clock.time = ARRIVED + 30
    screen.resume()
    stage.at(50)
    assert screen.writes[1:] == [b"a", b"b"]
    assert player.punctuality.lateness.worst == 0


@pytest.mark.parametrize("how", ["left", "stopped"])
async def test_nothing_is_written_once_it_is_over(how: str) -> None:
    stage = Stage()
    player, screen = stage.play((10, b"a"), (20, b"b"), (30, CLEAN))
    stage.at(10)
    if how == "left":
        player.client_left()
    else:
        player.stop(STOPPED)
    player.client_paused()
    screen.resume()
    for time in (20, 30):
        stage.at(time)
    player.client_left()
    player.stop(CLEAN)
    assert screen.writes[1:] == [b"a"]
    assert player.done.result() == (None if how == "left" else STOPPED)
    assert player.punctuality.lateness.count == 2


async def test_a_stream_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    played = [stage.play((10, b"a"), (20, CLEAN)) for _ in range(3)]
    played[1][1].broken = True
    stage.at(10)
    stage.at(20)
    assert [screen.writes[1:] for _, screen in played] == [[b"a", b""], [], [b"a", b""]]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    ends = [player.done.result() for player, _ in played]
    assert [end and end.reason for end in ends] == [
        Ending.CLEAN,
        Ending.ERROR,
        Ending.CLEAN,
    ]  # and its client is told


@given(
    st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=3))),
    st.lists(st.tuples(st.integers(0, 7), st.booleans())),
)
async def test_all_comes_once_in_order_and_never_early(
    gaps: list[tuple[int, bytes]], moves: list[tuple[int, bool]]
) -> None:
    """However late the timer rings, and whenever the client reads or not."""
    stage = Stage()
    due = 0
    steps: list[tuple[int, bytes]] = []
    for gap, data in gaps:
        due += gap
        steps.append((due, data))
    player, screen = stage.play(*steps, (due, CLEAN))
    paused = False
    for gap, reads in [*moves, (due + 1, True)]:
        if reads and paused:
            screen.resume()
        elif not reads and not paused:
            player.client_paused()
        paused = not reads
        now = stage.bell.clock.time - ARRIVED + gap
        stage.at(now)
        came = b"".join(screen.writes).removeprefix(FRAMED_HEAD)
        in_time = b"".join(data for due, data in steps if due <= now)
        assert in_time.startswith(came)
        assert paused or came == in_time
    assert player.done.result() == CLEAN


async def test_a_client_that_takes_its_time_to_ask_is_not_counted_either() -> None:
    clock = HandClock()
    exchange = build.exchange(build.arrivals((5, b"data:a\n\n")), request=build.request(body=b"{}"), end_t=20)
    told: list[tuple[int, int]] = []
    mock = Mock(
        Answers(Loaded([exchange])),
        Options(port=0),
        clock,
        on_played=lambda _, late: told.append((late.lateness.count, late.lateness.worst)),
    )
    server = await mock.start()
    async with client(server.url) as peer:
        await peer.send(b"POST /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n")
        await peer.send(b"Expect: 100-continue\r\n\r\n")
        await peer.until(b"100 Continue\r\n\r\n")
        clock.time = 10
        await peer.send(b"{}")
        await peer.until(b"data:a\n\n")
        clock.time = 23
        await peer.rest()
    await eventually(lambda: told != [])
    await mock.stop()
    assert told == [(1, 3)]


async def test_a_client_that_left_gets_nothing_that_came_due_since() -> None:
    clock = HandClock()
    steps = build.arrivals((0, b"data:a\n\n"), (60_000_000, b"data:b\n\n"))
    told: list[int] = []
    metrics = Metrics()
    mock = Mock(
        Answers(Loaded([build.exchange(steps, request=build.request(), end_t=60_000_000)])),
        Options(port=0),
        clock,
        metrics,
        on_played=lambda _, late: told.append(late.lateness.count),
    )
    server = await mock.start()
    async with client(server.url) as peer:
        await peer.send(b"POST /api HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.until(b"data:a\n\n")
        clock.time = 61_000_000
        peer.close()
        await eventually(lambda: told != [])
    await mock.stop()
    assert told == [2]  # the head and the first event
    assert b'sseproxy_exchanges_total{ending="client_left"} 1.0' in metrics.page()
