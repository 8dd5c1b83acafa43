"""What fixtures give, and what a failing test says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.cassette.store import find
from tests.cli.builder import save, stream
from tests.support.live import Live

ASK = """
import requests

def ask(url, question="Hi"):
    body = {"question": question, "streaming": True}
    return requests.post(url + "/api/v1/prediction/5f0c", json=body, timeout=30)

"""


def library(suite: pytest.Pytester, name: str = "library") -> Path:
    """Makes one of a single cassette."""
    return save(suite.path / "cassettes" / name, stream()).parent


def test_a_failing_test_shows_its_streams_and_misses(suite: pytest.Pytester) -> None:
    folder = library(suite)
    save(folder, stream(id="01KAQ3M5Z8T7QRSW", target=b"/other"))
    suite.makepyfile(
        ASK
        + """
import pytest

@pytest.mark.sse_cassette("library")
def test_fails(sse_mock):
    ask(sse_mock.url)
    assert ask(sse_mock.url, question="Why?").status_code == 404
    assert len(sse_mock.misses) == 1
    assert False
"""
    )
    outcome = suite.runpytest_inprocess()
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(
        [
            "*- sseproxy: stream 1 of 1 -*",
            "POST /api/v1/prediction/5f0c",
            '*asked    {"question": "Hi", "streaming": true} (* bytes)',
            "#   AT s  GAP ms  EVENT  DATA",
            "1  0.010    10.0  token  Hal",
            "2  0.020    10.0  token  lo",
            "3  0.030    10.0  end    [[]DONE]",
            "clean after 0.040 s: 3 events, * bytes in 3 reads",
            "*- sseproxy: miss 1 of 1 -*",
            "no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question",
            '*recorded: "Hi"',
            '*asked:    "Why?[" ]*'.replace('[" ]', '"'),
            "*to record this request: pytest --sse-record-mode new_episodes -o sse_upstream=URL",
            "*- sseproxy: 1 cassette nobody asked for -*",
            f"{folder}/01KAQ3M5Z8T7QRSW.sse.jsonl",
        ]
    )


def test_a_passing_test_says_nothing(suite: pytest.Pytester) -> None:
    library(suite)
    suite.makepyfile(
        ASK
        + """
import pytest

@pytest.mark.sse_cassette("library")
def test_passes(sse_mock):
    assert ask(sse_mock.url).status_code == 200
"""
    )
    outcome = suite.runpytest_inprocess("-rA")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.no_fnmatch_line("*sseproxy: stream*")


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("def test_x(sse_mock): pass", "*/cassettes/test_it/test_x: no cassettes here to answer from; *=URL"),
        (
            "class TestC:\n    def test_x(self, sse_mock): pass",
            "*/cassettes/test_it/TestC.test_x: no cassettes here to answer from; *=URL",
        ),
        (
            "@pytest.mark.sse_cassette(record_mode='once')\ndef test_x(sse_mock): pass",
            "record mode once needs an upstream to ask: -o sse_upstream=URL, `sse_upstream` in *",
        ),
        (
            "@pytest.mark.sse_cassette(mode='once')\ndef test_x(sse_mock): pass",
            "marker sse_cassette: there is no setting 'mode'; there are library, record_mode, *",
        ),
        (
            "@pytest.mark.sse_cassette(record_mode='all', upstream='nonsense')\ndef test_x(sse_mock): pass",
            "marker sse_cassette: upstream: 'nonsense': should be a URL such as http://localhost:3000",
        ),
        (
            "@pytest.mark.sse_cassette(5)\ndef test_x(sse_mock): pass",
            "marker sse_cassette: library: 5 is no text",
        ),
        (
            "def test_x(sse_mock_factory): sse_mock_factory(None)",
            "sse_mock_factory: library: None is no text",
        ),
        (
            "def test_x(sse_recorder): sse_recorder(3)",
            "sse_recorder: upstream: [[]3[]] is neither a URL nor a list of them",
        ),
        (
            "@pytest.fixture\ndef sseproxy_config(): pass\n\ndef test_x(sse_mock): pass",
            "sseproxy_config: None is no dictionary of settings; is a `return` missing?",
        ),
    ],
)
def test_a_mistake_is_told_in_a_line(suite: pytest.Pytester, test: str, told: str) -> None:
    suite.makepyfile(test_it=f"import pytest\n\n{test}\n")
    outcome = suite.runpytest_inprocess()
    called = "sse_mock)" not in test
    outcome.assert_outcomes(errors=int(not called), failed=int(called))
    outcome.stdout.fnmatch_lines([f"sseproxy: {told}"])
    outcome.stdout.no_fnmatch_line("*Traceback*")
    outcome.stdout.no_fnmatch_line("*During handling*")


def test_a_wrong_option_is_told_in_a_line(suite: pytest.Pytester) -> None:
    outcome = suite.runpytest_subprocess("--sse-record-mode", "onec")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines(["*--sse-record-mode: invalid choice: 'onec'*"])


def test_the_nearest_marker_names_the_library_and_others_the_rest(suite: pytest.Pytester) -> None:
    library(suite, "mine")
    suite.makepyfile(
        ASK
        + """
import pytest

pytestmark = pytest.mark.sse_cassette("everyones", speed=3)

@pytest.mark.sse_cassette("mine")
def test_mine(sse_mock, sse_library):
    assert ask(sse_mock.url).status_code == 200
    assert sse_mock.library == sse_library
    assert sse_library.name == "mine"
    assert sse_mock._standin._plan.speed == 3
"""
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_rules_of_the_configuration_file_hold(suite: pytest.Pytester) -> None:
    library(suite)
    (suite.path / "sseproxy.toml").write_text('[match]\nignore = ["$.question"]\n')
    suite.makepyfile(
        ASK
        + """
import pytest

@pytest.mark.sse_cassette("library")
def test_other_words(sse_mock):
    assert ask(sse_mock.url, "Hello").status_code == 200
"""
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)
    (suite.path / "sseproxy.toml").write_text("upstrem = 3\n")
    told = f"sseproxy: {suite.path}/sseproxy.toml: no option is called 'upstrem'; did you mean 'upstream'?"
    suite.runpytest_inprocess().stdout.fnmatch_lines([told])


def test_a_recorder_shows_what_a_server_streams(suite: pytest.Pytester, live: Live) -> None:
    suite.makepyfile(
        ASK
        + f"""
def test_server(sse_recorder):
    recorder = sse_recorder({live.url!r})
    ask(recorder.url)
    (exchange,) = recorder.exchanges
    (event,) = exchange.events
    assert (exchange.status, exchange.ending, event.json()["data"]) == (200, "clean", "one")
    assert not recorder.library.is_relative_to({str(suite.path)!r})
"""
    )
    suite.runpytest_inprocess("--basetemp", str(suite.path.parent / "elsewhere")).assert_outcomes(passed=1)
    assert live.asked == 1


def test_a_server_can_live_as_long_as_the_run(suite: pytest.Pytester, live: Live) -> None:
    suite.makepyfile(
        ASK
        + f"""
import pytest

@pytest.fixture(scope="session")
def app(sse_mock_factory):
    return sse_mock_factory("recorded", record_mode="once", upstream={live.url!r})

def test_one(app):
    assert ask(app.url, "one").status_code == 200

def test_two(app):
    assert ask(app.url, "two").status_code == 200
    assert len(app.requests) == 2
"""
    )
    for _ in range(2):
        suite.runpytest_inprocess().assert_outcomes(passed=2)
    assert live.asked == 2
    assert len(find([suite.path / "recorded"])) == 2
