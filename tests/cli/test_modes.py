"""`record --record-mode`, with a server that can change, go away, or be watched."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sseproxy.cassette.store import find, load
from tests.cli.builder import save, stream
from tests.cli.support import (
    PATIENCE,
    Outcome,
    Server,
    address,
    bound_socket,
    complaint,
    serving,
    sseproxy,
)
from tests.support.live import Live, running

PATH = "/api/v1/prediction/5f0c"


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


def ask(server: Server, question: str, **more: Any) -> requests.Response:
    with requests.Session() as session:  # a connection of its own
        return session.post(server.url + PATH, json={"question": question, **more}, timeout=PATIENCE)


@contextlib.contextmanager
def mode(name: str, live: Live, library: Path, *options: str) -> Iterator[Server]:
    with serving(
        "record", "--upstream", live.url, "--cassettes", library, "--record-mode", name, *options
    ) as server:
        yield server


def recorded(live: Live, library: Path, *questions: str) -> None:
    """Makes a library of the answers to these questions."""
    with mode("all", live, library) as server:
        for question in questions:
            assert ask(server, question).content == live.answer
        server.stop()


def contents(library: Path) -> list[tuple[str, bytes]]:
    """The question and the answer of each cassette, oldest first."""
    exchanges = sorted((load(path) for path in find([library])), key=lambda each: each.head.id)
    return [
        (json.loads(each.request.body)["question"], each.body)
        for each in exchanges
        if each.request is not None
    ]


OLD, NEW = Live.answer, b'data: {"event":"token","data":"another one"}\n\n'


def test_all_asks_the_server_always(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a", "a")
    live.answer = NEW
    with mode("all", live, tmp_path) as server:
        assert ask(server, "a").content == NEW
        server.stop()
    assert contents(tmp_path) == [("a", OLD), ("a", OLD), ("a", NEW)]


def test_none_never_asks_the_server(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    live.asked = 0
    with mode("none", live, tmp_path, "--speed", "max") as server:
        assert ask(server, "a").content == OLD
        assert ask(server, "b").status_code == 404
        assert server.stop().status == 0
    assert live.asked == 0
    assert contents(tmp_path) == [("a", OLD)]


def test_none_without_cassettes_is_trouble(live: Live, tmp_path: Path) -> None:
    outcome = sseproxy("record", "--upstream", live.url, "--cassettes", tmp_path, "--record-mode", "none")
    assert complaint(outcome) == (
        f"{tmp_path}: no cassettes (*.sse.jsonl) in this folder;"
        f" to record some: sseproxy record --cassettes {tmp_path} --upstream URL"
    )


def test_once_records_while_there_is_nothing_and_replays_from_then_on(live: Live, tmp_path: Path) -> None:
    library = tmp_path / "library"
    for _ in range(2):
        with mode("once", live, library) as server:
            assert ask(server, "a").content == OLD
            assert server.stop().status == 0
    assert live.asked == 1
    with mode("once", live, library) as server:
        assert ask(server, "b").headers["X-Sseproxy-Miss"] == "1"
    assert contents(library) == [("a", OLD)]


def test_an_unfinished_cassette_is_none_for_once(live: Live, tmp_path: Path) -> None:
    save(tmp_path, stream(ending=None))
    with mode("once", live, tmp_path) as server:
        assert ask(server, "a").content == OLD
    assert live.asked == 1


def test_new_episodes_replays_what_it_has_and_records_what_it_has_not(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    live.answer, live.asked = NEW, 0
    with mode("new_episodes", live, tmp_path, "--speed", "max") as server:
        got = [ask(server, question).content for question in ("a", "b", "a", "b")]
        outcome = server.stop()
    assert got == [OLD, NEW, OLD, NEW]
    assert (live.asked, outcome.status) == (2, 0)
    # What is recorded in this run answers from the next one on, so that all of it is in the library.
    assert contents(tmp_path) == [("a", OLD), ("b", NEW), ("b", NEW)]
    with mode("new_episodes", live, tmp_path, "--exhausted", "miss") as server:
        assert [ask(server, "a").content for _ in range(2)] == [OLD, NEW]
        assert ask(server, "b", chatId="fresh").content == NEW
    assert live.asked == 4
    assert len(contents(tmp_path)) == 5


def test_new_episodes_passes_over_a_cassette_that_has_gone(live: Live, tmp_path: Path) -> None:
    """As --keep may delete it while the recorder runs. The server is asked where none is left."""
    recorded(live, tmp_path, "a", "a")
    live.answer = NEW
    with mode("new_episodes", live, tmp_path, "--speed", "max") as server:
        first, second = find([tmp_path])
        first.unlink()
        assert [ask(server, "a").content for _ in range(2)] == [OLD, OLD]
        stopped = server.stop()
    assert stopped.err.count(" error: a cassette can't be played: ") == 1
    assert stopped.status == 0
    with mode("new_episodes", live, tmp_path, "--speed", "max") as server:
        second.unlink()
        assert ask(server, "a").content == NEW
        server.stop()
    assert contents(tmp_path) == [("a", NEW)]


def test_new_episodes_sends_a_long_body_on_that_nothing_answers(live: Live, tmp_path: Path) -> None:
    question = "long " * 400_000
    with mode("new_episodes", live, tmp_path / "new") as server:
        assert ask(server, question).content == OLD
        server.stop()
    assert contents(tmp_path / "new") == [(question, OLD)]


def test_rewrite_replaces_the_library_when_it_is_stopped(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a", "b")
    live.answer = NEW
    with mode("rewrite", live, tmp_path) as server:
        assert ask(server, "a").content == NEW
        assert contents(tmp_path) == [("a", OLD), ("b", OLD)]
        outcome = server.stop()
    assert outcome.status == 0
    assert f"sseproxy: 1 cassette took the place of 2 in {tmp_path}" in outcome.err
    assert contents(tmp_path) == [("a", NEW)]
    assert not (tmp_path / ".rewriting").exists()


def test_rewrite_that_is_killed_leaves_the_library(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    live.answer = NEW
    with mode("rewrite", live, tmp_path) as server:
        ask(server, "a")
        server.stop(9)
    assert contents(tmp_path) == [("a", OLD)]


def test_rewrite_of_nothing_leaves_the_library(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    with mode("rewrite", live, tmp_path) as server:
        outcome = server.stop()
    assert outcome.status == 1
    assert f"sseproxy: {tmp_path} stays as it was: nothing was recorded\n" in outcome.err
    assert contents(tmp_path) == [("a", OLD)]
    assert not (tmp_path / ".rewriting").exists()


def test_rewrite_while_the_server_is_away_leaves_the_library(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    with away("rewrite", tmp_path) as server:
        assert ask(server, "a").status_code == 502
        outcome = server.stop()
    assert outcome.status == 1
    told = f"{tmp_path} stays as it was: 1 stream broke that had not before: can't connect to "
    assert told in outcome.err
    assert contents(tmp_path) == [("a", OLD)]


def test_where_the_server_was_away_it_is_asked_again(live: Live, tmp_path: Path) -> None:
    """Who starts the recorder before the server has recorded no answer."""
    for name in ("new_episodes", "once"):
        library = tmp_path / name
        with away("all", library) as server:
            assert ask(server, "a").status_code == 502
            server.stop()
        with mode(name, live, library) as server:
            assert ask(server, "a").content == OLD
            server.stop()
        with mode("none", live, library, "--speed", "max") as server:
            assert ask(server, "a").content == OLD


@contextlib.contextmanager
def away(name: str, library: Path) -> Iterator[Server]:
    """Like `mode`, with nobody where the server should be."""
    with bound_socket() as nobody:
        upstream = ("--upstream", address(nobody).url)
        with serving("record", *upstream, "--cassettes", library, "--record-mode", name) as server:
            yield server


def verified(live: Live, library: Path, *questions: str, options: tuple[str, ...] = ()) -> Outcome:
    with mode("verify", live, library, *options) as server:
        for question in questions:
            assert ask(server, question).content == live.answer
        return server.stop()


def test_verify_finds_that_the_server_answers_as_it_did(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a", "b")
    live.answer = NEW
    outcome = verified(live, tmp_path, "a")
    assert (outcome.status, outcome.out) == (0, f"POST {PATH}: as recorded\n")
    assert "sseproxy: 1 of 1 exchange as recorded\nsseproxy: 1 cassette was not verified" in outcome.err
    assert contents(tmp_path) == [("a", OLD), ("b", OLD)]


def test_verify_tells_what_has_drifted_and_fails(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    (path,) = find([tmp_path])
    live.answer = b'data: {"event":"token","data":1}\n\ndata: {"event":"end","data":"[DONE]"}\n\n'
    outcome = verified(live, tmp_path, "a", "c")
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        f"POST {PATH}: not as in {path}",
        "  order of events: token end, was token",
        "  token: $.data is a number, was a string",
        f"POST {PATH}: not in the library, the nearest cassette differs in $.question",
    ]
    assert contents(tmp_path) == [("a", OLD)]


def test_verify_fails_where_it_has_nothing_to_tell(live: Live, tmp_path: Path) -> None:
    outcome = sseproxy("record", "--upstream", live.url, "--cassettes", tmp_path, "--record-mode", "verify")
    assert complaint(outcome).startswith(f"{tmp_path}: no cassettes (*.sse.jsonl) in this folder; to record")
    recorded(live, tmp_path, "a")
    outcome = verified(live, tmp_path)
    assert (outcome.status, outcome.out) == (1, "")
    assert "sseproxy: nothing was verified, for nobody asked anything\n" in outcome.err
    with away("verify", tmp_path) as server:
        ask(server, "a")
        outcome = server.stop()
    assert outcome.status == 1
    assert outcome.out.startswith(f"POST {PATH}: no answer, can't connect to ")


def test_verify_goes_by_a_contract_where_one_is_given(live: Live, tmp_path: Path) -> None:
    recorded(live, tmp_path, "a")
    (path,) = find([tmp_path])
    live.answer = b'data: {"event":"token","data":"a"}\n\ndata: {"event":"end","data":"[DONE]"}\n\n'
    assert verified(live, tmp_path, "a", options=("--contract", "token end?")).status == 0
    outcome = verified(live, tmp_path, "a", options=("--contract", "flowise=start? token+ metadata end"))
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        f"POST {PATH}: not as in {path}",
        "  contract: `end` came where it has `token` or `metadata`",
    ]


def test_a_contract_without_use_is_a_mistake(live: Live, tmp_path: Path) -> None:
    outcome = sseproxy("record", "--upstream", live.url, "--cassettes", tmp_path, "--contract", "token")
    assert complaint(outcome) == "--contract goes with --record-mode verify, or --lint."


def test_old_cassettes_are_told_of(live: Live, tmp_path: Path) -> None:
    save(tmp_path, stream(wall="2020-01-01T00:00:00.000000Z"), "old.sse.jsonl")
    recorded(live, tmp_path, "a")
    for command in (
        ("replay", "--max-age", "7d"),
        ("record", "--upstream", live.url, "--record-mode", "rewrite", "--max-age", "7d"),
        ("record", "--upstream", live.url, "--record-mode", "new_episodes", "--max-age", "2w"),
    ):
        with serving(*command, "--cassettes", tmp_path) as server:
            err = server.stop().err
        assert "sseproxy: 1 cassette is older than --max-age, record anew:\n" in err
        assert f"  {tmp_path}/old.sse.jsonl\n" in err
