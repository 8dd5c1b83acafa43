"""The example suite, as its users run it: pytest in its own process, with the plugin that is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sseproxy.cassette.store import find

OFFLINE = ("-o", "sse_upstream=http://127.0.0.1:1")
TESTS = 10


def test_it_replays_without_a_server(example: pytest.Pytester) -> None:
    example.runpytest_subprocess(*OFFLINE).assert_outcomes(passed=TESTS)


def test_it_replays_in_several_processes(example: pytest.Pytester) -> None:
    example.runpytest_subprocess(*OFFLINE, "-n", "2").assert_outcomes(passed=TESTS)


def test_it_records_in_several_processes(example: pytest.Pytester) -> None:
    """From the demo server, whose answers are the recorded ones."""
    some = ("-k", "breaks_off or once")
    before = find([example.path / "cassettes"])
    example.runpytest_subprocess(*some, "-n", "2", "--sse-record-mode", "rewrite").assert_outcomes(passed=2)
    after = find([example.path / "cassettes"])
    assert [path.parent for path in after] == [path.parent for path in before]
    assert len(set(after) - set(before)) == 2
    example.runpytest_subprocess(*OFFLINE, *some).assert_outcomes(passed=2)


def test_a_process_of_the_user_is_left_as_it_was(example: pytest.Pytester) -> None:
    example.makepyfile(
        test_process="""
        import asyncio, gc, signal, sys, threading

        def state():
            loop = asyncio.new_event_loop()
            loop.close()
            signals = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
            return gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), signals, type(loop)

        STATE = state()

        def test_state(sse_mock):
            assert "uvloop" not in sys.modules
            assert [thread.name for thread in threading.enumerate() if "sse" in thread.name] == ["sseproxy"]
            assert state() == STATE
        """
    )
    outcome = example.runpytest_subprocess("--sse-record-mode", "once", "test_process.py")
    outcome.assert_outcomes(passed=1)


def test_a_run_without_streams_loads_nothing(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys

        def test_modules():
            ours = ("sseproxy", "aiohttp", "rich")
            loaded = {name for name in sys.modules if name.partition(".")[0] in ours}
            assert loaded == {"sseproxy", "sseproxy.pytest_plugin"}
        """
    )
    # pytest-aiohttp loads aiohttp, of course.
    suite.runpytest_subprocess("-p", "no:aiohttp").assert_outcomes(passed=1)


LOADED = """
import pytest, sys
before = set(sys.modules)
import sseproxy.pytest_plugin
print(*sorted(set(sys.modules) - before))
"""


def test_the_plugin_itself_loads_nothing_that_pytest_has_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout == "sseproxy sseproxy.pytest_plugin\n"


def test_it_gets_on_with_pytest_recording(suite: pytest.Pytester) -> None:
    """Two kinds of cassettes in one test, two kinds of options, and a network that is closed but to us."""
    suite.makepyfile(
        """
        import pytest, requests

        @pytest.fixture(scope="module")
        def vcr_config():
            return {"ignore_localhost": True}

        @pytest.mark.vcr
        @pytest.mark.sse_cassette("shared")
        def test_both(sse_mock):
            body = {"question": "Why?", "streaming": True}
            answer = requests.post(sse_mock.url + "/api/v1/prediction/conversation", json=body, timeout=30)
            assert "[DONE]" in answer.text
        """
    )
    options = ("--block-network", "--allowed-hosts", "127.0.0.1", "--record-mode", "once")
    recorded = suite.runpytest_subprocess(*options, "--sse-record-mode", "once", "-o", "sse_upstream=demo")
    recorded.assert_outcomes(passed=1)
    suite.runpytest_subprocess(*options).assert_outcomes(passed=1)
    assert [path.parent.name for path in find([suite.path])] == ["shared"]
