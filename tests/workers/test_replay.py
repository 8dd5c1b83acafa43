"""`replay --workers`: several processes are one mock server; and --report, with workers or without."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from sseproxy.exchange import Exchange
from tests.cli.builder import EVENTS, save, stream
from tests.cli.support import ENVIRONMENT, PATIENCE, Server, pipe, serving
from tests.support.warm import start

from .test_record import MANY, pytestmark

__all__ = ["pytestmark"]

BODY = b"".join(EVENTS)
ID = "01KAQ3M5Z8T7QR{:02}"


def got(path: str, number: int, *reads: bytes) -> Exchange:
    value = stream(*reads, id=ID.format(number), wall=f"2026-11-23T00:41:{number:02}.000000Z")
    assert value.request
    return replace(value, request=replace(value.request, method="GET", target=path.encode(), body=b""))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/repeated has been asked MANY times, each with an answer of its own; /once one time."""
    folder = tmp_path_factory.mktemp("library")
    for number in range(MANY):
        save(folder, got("/repeated", number, b"data: %d\n\n" % number))
    save(folder, got("/once", 99 - MANY))
    return folder


every_number = pytest.mark.parametrize("workers", ["1", "2"])


@pytest.fixture
def mock(library: Path) -> Iterator[Server]:
    with serving("replay", "--cassettes", library, "--speed", "max", "--workers", "2", "-q") as server:
        yield server


def ask(server: Server, path: str) -> bytes:
    """By a connection of its own."""
    return requests.get(server.url + path, timeout=PATIENCE).content


def ask_together(server: Server, path: str, times: int) -> list[bytes]:
    with ThreadPoolExecutor(8) as clients:
        return list(clients.map(lambda _: ask(server, path), range(times)))


ALL = [b"data: %d\n\n" % number for number in range(MANY)]


def test_repeated_answers_have_one_order_for_all_workers(mock: Server) -> None:
    assert [ask(mock, "/repeated") for _ in range(MANY + 3)] == [*ALL, ALL[-1], ALL[-1], ALL[-1]]


def test_of_clients_that_ask_together_each_gets_another_answer(mock: Server) -> None:
    assert sorted(ask_together(mock, "/repeated", MANY)) == sorted(ALL)
    assert ask(mock, "/repeated") == ALL[-1]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_all(mock: Server, number: int, status: int) -> None:
    assert ask_together(mock, "/once", MANY) == MANY * [BODY]
    stopped = mock.stop(number)
    assert (stopped.status, stopped.out, stopped.err) == (status, "", "")


# The report.

LINE = re.compile(
    r"(GET /once|all streams) +(\d+) writes  p50 [\d.]+ ms  p99 [\d.]+ ms  max [\d.]+ ms(  drift .*)?"
)
STEPS = len(EVENTS) + 2
"""The head, each read, the end."""


@every_number
def test_the_report_has_a_line_for_each_stream_and_one_for_all(library: Path, workers: str) -> None:
    with serving("replay", "--cassettes", library, "--report", "--workers", workers) as server:
        ask_together(server, "/once", MANY)
        stopped = server.stop()
    assert stopped.status == 0
    *streams, everything = [LINE.fullmatch(line) for line in stopped.out.splitlines()]
    assert [line and line.group(1, 2) for line in streams] == MANY * [("GET /once", str(STEPS))]
    assert everything
    assert everything.group(1, 2) == ("all streams", str(MANY * STEPS))
    assert everything[3] is None


@every_number
def test_a_report_of_nothing(library: Path, workers: str) -> None:
    with serving("replay", "--cassettes", library, "--report", "--workers", workers, "-q") as server:
        stopped = server.stop(signal.SIGINT)
    assert (stopped.status, stopped.err) == (130, "")
    assert re.fullmatch(r"all streams +0 writes  p50 0\.000 ms  p99 0\.000 ms  max 0\.000 ms\n", stopped.out)


@every_number
def test_a_report_that_nobody_reads_disturbs_no_stream(library: Path, workers: str) -> None:
    """`| head -1`"""
    with serving("replay", "--cassettes", library, "--report", "--workers", workers, "-q") as server:
        assert ask(server, "/once") == BODY
        assert LINE.fullmatch(server.stdout.readline().decode().rstrip("\n"))
        server.stdout.close()
        assert ask_together(server, "/once", MANY) == MANY * [BODY]
        stopped = server.stop()
    assert (stopped.status, stopped.err) == (0, "")


@every_number
def test_a_report_for_which_there_is_no_room_disturbs_no_stream_and_is_told(
    library: Path, workers: str
) -> None:
    arguments = ("replay", "--cassettes", library, "--port", "0", "--report", "--workers", workers, "-q")
    said, stderr = pipe()
    with said, Path("/dev/full").open("wb") as full, stderr:
        process = start(arguments, ENVIRONMENT, stdout=full.fileno(), stderr=stderr.fileno())
        stderr.close()
        announced = re.search(r"http://\S+", said.readline().decode())
        assert announced
        for _ in range(3):
            assert requests.get(announced[0] + "/once", timeout=PATIENCE).content == BODY
        process.terminate()
        assert said.readall() == b"Error: can't write the output: No space left on device\n"
    assert process.waited(PATIENCE) == 2
