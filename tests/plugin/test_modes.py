"""Record modes of tests, with a server that can change its answers and counts who asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sseproxy.cassette.rewriting import STAGE, Rewriting
from sseproxy.cassette.store import find, load
from sseproxy.modes import RecordMode, settled
from tests.support.live import Live

TEST = """
import json, pathlib, pytest, requests

ASKED = {asked}

@pytest.mark.sse_cassette("library")
def test_ask(sse_mock):
    for question in ASKED:
        answer = requests.post(sse_mock.url + "/predict", json={{"question": question}}, timeout=30)
        with pathlib.Path("answers").open("a") as out:
            print(answer.text.partition("\\n")[0], file=out)
    assert [request.json()["question"] for request in sse_mock.requests] == ASKED
    assert [each.request.json()["question"] for each in sse_mock.exchanges] == ASKED
    assert all(each.events for each in sse_mock.exchanges)
    assert {good}
"""
OLD, NEW = b"data: old\n\n", b"data: new\n\n"


class Suite:
    """One test that asks, its library, and the server."""

    def __init__(self, pytester: pytest.Pytester, live: Live) -> None:
        self.pytester = pytester
        self.live = live
        self.library = pytester.path / "cassettes" / "library"

    def run(self, mode: str, *asked: str, good: bool = True, passes: bool = True) -> list[str]:
        """The answers that the test got."""
        self.live.asked = 0
        (self.pytester.path / "answers").write_text("")
        self.pytester.makepyfile(TEST.format(asked=list(asked), good=good))
        upstream = ("-o", f"sse_upstream={self.live.url}")
        outcome = self.pytester.runpytest_inprocess("--sse-record-mode", mode, *upstream)
        outcome.assert_outcomes(passed=int(passes), failed=int(not passes))
        return (self.pytester.path / "answers").read_text().splitlines()

    def contents(self) -> list[tuple[str, bytes]]:
        """The question and the answer of each cassette, oldest first."""
        exchanges = sorted((load(path) for path in find([self.library])), key=lambda each: each.head.id)
        return [(json.loads(each.request.body)["question"], each.body) for each in exchanges if each.request]


@pytest.fixture
def asking(suite: pytest.Pytester, live: Live) -> Suite:
    live.answer = OLD
    return Suite(suite, live)


def test_once_records_and_then_replays(asking: Suite) -> None:
    assert asking.run("once", "a", "b") == ["data: old"] * 2
    asking.live.answer = NEW
    assert asking.run("once", "a", "b") == ["data: old"] * 2
    assert asking.live.asked == 0
    assert asking.contents() == [("a", OLD), ("b", OLD)]


def test_none_asks_nobody(asking: Suite) -> None:
    asking.run("once", "a")
    assert asking.run("none", "a", "a") == ["data: old"] * 2
    assert asking.live.asked == 0


def test_all_records_beside_what_there_is(asking: Suite) -> None:
    asking.run("once", "a")
    asking.live.answer = NEW
    assert asking.run("all", "a") == ["data: new"]
    assert asking.contents() == [("a", OLD), ("a", NEW)]
    assert asking.run("none", "a") == ["data: new"]


def test_new_episodes_adds_what_is_missing(asking: Suite) -> None:
    asking.run("once", "a")
    asking.live.answer = NEW
    assert asking.run("new_episodes", "b", "a", "c") == ["data: new", "data: old", "data: new"]
    assert asking.live.asked == 2
    assert asking.contents() == [("a", OLD), ("b", NEW), ("c", NEW)]


def test_rewrite_replaces_the_library_of_a_test_that_passed(asking: Suite) -> None:
    asking.run("once", "a", "b")
    asking.live.answer = NEW
    assert asking.run("rewrite", "a") == ["data: new"]
    assert asking.contents() == [("a", NEW)]
    assert not (asking.library / STAGE).exists()


def test_rewrite_leaves_the_library_of_a_test_that_failed(asking: Suite) -> None:
    asking.run("once", "a")
    asking.live.answer = NEW
    assert asking.run("rewrite", "a", good=False, passes=False) == ["data: new"]
    assert asking.contents() == [("a", OLD)]
    assert not (asking.library / STAGE).exists()


LEAVES_OPEN = """
import contextlib, http.client, pytest

@pytest.fixture
def left_open():
    with contextlib.ExitStack() as stack:
        yield stack

def test_leaves(left_open, sse_mock):
    connection = http.client.HTTPConnection(sse_mock.url.removeprefix("http://"))
    left_open.callback(connection.close)
    connection.request(
        "POST", "/api/v1/prediction/slow", b'{"question":"Why?","streaming":true}',
        {"Content-Type": "application/json"},
    )
    left_open.enter_context(connection.getresponse()).read(1)
"""


def test_rewrite_of_a_stream_that_has_not_ended_is_an_error(suite: pytest.Pytester) -> None:
    """The test passes, and would pass no more with what was recorded."""
    suite.makepyfile(LEAVES_OPEN)
    outcome = suite.runpytest_inprocess("--sse-record-mode", "rewrite", "-o", "sse_upstream=demo")
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(["sseproxy: *test_leaves stays as it was: 1 stream had not ended"])


def test_once_does_not_take_a_stream_that_has_not_ended_for_recorded(suite: pytest.Pytester) -> None:
    suite.makepyfile(LEAVES_OPEN)
    options = ("--sse-record-mode", "once", "-o", "sse_upstream=demo", "-W", "default::UserWarning")
    outcome = suite.runpytest_inprocess(*options)
    outcome.assert_outcomes(passed=1, warnings=1)
    told = "*UserWarning: sseproxy: *test_leaves: 1 stream had not ended: not taken for recorded"
    outcome.stdout.fnmatch_lines([told])
    (path,) = find([suite.path / "cassettes"])
    assert settled(RecordMode.ONCE, path.parent) is RecordMode.ALL


def test_a_library_that_another_test_is_rewriting_is_left_to_it(asking: Suite) -> None:
    asking.run("once", "a")
    with Rewriting(asking.library):
        asking.pytester.makepyfile(TEST.format(asked=["a"], good=True))
        options = ("--sse-record-mode", "rewrite", "-o", f"sse_upstream={asking.live.url}")
        outcome = asking.pytester.runpytest_inprocess(*options)
    outcome.assert_outcomes(errors=1)
    told = "another test or recorder is rewriting this library; let one do it at a time"
    outcome.stdout.fnmatch_lines([f"sseproxy: {asking.library}: {told}"])
    assert asking.contents() == [("a", OLD)]


def test_an_upload_reaches_the_upstream_whole(asking: Suite) -> None:
    question = "long " * 50_000
    assert asking.run("once", question) == ["data: old"]
    assert asking.contents() == [(question, OLD)]


@pytest.mark.parametrize("mode", ["none", "new_episodes"])
def test_a_cassette_that_cannot_be_read_is_told_in_a_line(suite: pytest.Pytester, mode: str) -> None:
    library = suite.path / "cassettes" / "library"
    library.mkdir(parents=True)
    (library / "bad.sse.jsonl").write_text("nonsense\n")
    suite.makepyfile(TEST.format(asked=[], good=True))
    outcome = suite.runpytest_inprocess("--sse-record-mode", mode, "-o", "sse_upstream=demo")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines([f"sseproxy: {Path(library)}/bad.sse.jsonl:1: *"])
    outcome.stdout.no_fnmatch_line("*Traceback*")
