"""The pipe between a worker and its parent; the other end is held here by hand."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import threading
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection

import pytest

from sseproxy.workers import Pipe
from tests.support.net import eventually


class Ends:
    """A pipe that is listened to, its other end, and how often its closing was told."""

    def __init__(self) -> None:
        ours, self.other = multiprocessing.Pipe()
        self.pipe = Pipe(ours)
        self.closed = 0
        self.counted = 0
        self.pipe.open(
            {"count": self._count, "double": lambda number: 2 * number, "fail": self._fail}, self._on_closed
        )

    def _count(self, _: object) -> int:
        self.counted += 1
        return self.counted

    def _fail(self, _: object) -> None:
        raise ValueError("a fault of ours")

    def _on_closed(self) -> None:
        self.closed += 1

    async def heard(self) -> object:
        """The next message at the other end."""
        await eventually(self.other.poll)
        return self.other.recv()


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    made = Ends()
    yield made
    made.pipe.close()
    made.other.close()


async def test_answers_come_in_the_order_of_the_questions(ends: Ends) -> None:
    replies = [ends.pipe.ask("turn", number) for number in range(3)]
    assert [await ends.heard() for _ in replies] == [("ask", "turn", number) for number in range(3)]
    for answer in "abc":
        ends.other.send(("answer", answer))
    assert await asyncio.gather(*replies) == ["a", "b", "c"]


async def test_questions_are_answered_by_name(ends: Ends) -> None:
    for number in (1, 2):
        ends.other.send(("ask", "double", number))
    assert [await ends.heard(), await ends.heard()] == [("answer", 2), ("answer", 4)]


async def test_who_waits_for_an_answer_answers_questions_meanwhile(ends: Ends) -> None:
    """A worker is asked for its figures while it waits for its turn."""
    ends.other.send(("ask", "count", None))
    ends.other.send(("ask", "double", 4))
    ends.other.send(("answer", 7))
    ends.other.send(("ask", "count", None))
    assert ends.pipe.ask_now("turn", "key") == 7
    told = [await ends.heard() for _ in range(4)]
    assert told == [("ask", "turn", "key"), ("answer", 1), ("answer", 8), ("answer", 2)]


async def test_who_waits_for_an_answer_waits_till_it_comes(ends: Ends) -> None:
    """By whatever loop: uvloop makes what it listens to non-blocking."""
    late = threading.Thread(target=lambda: ends.other.send(("answer", ends.other.recv())))
    waiting = asyncio.get_running_loop().run_in_executor(None, late.start)
    assert ends.pipe.ask_now("turn", "key") == ("ask", "turn", "key")
    await waiting
    late.join()


async def test_an_answer_that_was_asked_for_before_is_no_answer_to_what_is_waited_for(ends: Ends) -> None:
    before = ends.pipe.ask("figures")
    ends.other.send(("answer", "figures"))
    ends.other.send(("answer", "turn"))
    assert ends.pipe.ask_now("turn") == "turn"
    assert before.result() == "figures"


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next(ends: Ends) -> None:
    given_up, next_one = ends.pipe.ask("a"), ends.pipe.ask("b")
    given_up.cancel()
    ends.other.send(("answer", "a"))
    ends.other.send(("answer", "b"))
    assert await next_one == "b"


async def test_who_has_asked_one_that_dies_gets_nothing_and_so_does_who_asks_then(ends: Ends) -> None:
    asked = ends.pipe.ask("turn")
    ends.other.close()
    assert ends.pipe.ask_now("turn") is None
    assert await asked is None
    assert await ends.pipe.ask("turn") is None
    assert ends.pipe.ask_now("turn") is None
    assert ends.closed == 1


async def test_a_death_is_told_once_when_nothing_was_asked(ends: Ends) -> None:
    ends.other.close()
    await eventually(lambda: ends.closed > 0)
    ends.pipe.close()
    assert ends.closed == 1


def faults_of_the_loop() -> list[dict[str, object]]:
    """What the event loop has to complain of from here on."""
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    return told


async def test_one_that_dies_before_it_is_answered_is_a_death_and_no_fault(ends: Ends) -> None:
    faults = faults_of_the_loop()
    ends.other.send(("ask", "count", None))
    ends.other.close()
    await eventually(lambda: ends.closed > 0)
    assert (faults, ends.counted) == ([], 1)


async def test_a_question_whose_answer_fails_is_answered_with_nothing(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """Else who asked would wait for ever."""
    faults = faults_of_the_loop()
    ends.other.send(("ask", "fail", None))
    ends.other.send(("ask", "double", 1))
    assert [await ends.heard(), await ends.heard()] == [("answer", None), ("answer", 2)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert faults == []


async def test_a_pipe_can_be_closed_before_it_is_listened_to() -> None:
    ours, other = multiprocessing.Pipe()
    Pipe(ours).close()
    with pytest.raises(EOFError):
        other.recv()
    other.close()


def closed_with_a_loop_that_is_over(ours: Connection) -> Pipe:
    pipe = Pipe(ours)

    async def listen() -> None:
        pipe.open({}, lambda: None)

    asyncio.run(listen())
    pipe.close()
    return pipe


def test_a_pipe_can_be_closed_when_its_loop_is_over() -> None:
    ours, other = multiprocessing.Pipe()
    closed_with_a_loop_that_is_over(ours)
    with pytest.raises(EOFError):
        other.recv()
    other.close()
