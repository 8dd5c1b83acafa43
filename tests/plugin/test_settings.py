"""Who says what, and who is heard."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.modes import RecordMode
from sseproxy.standin import Plan
from sseproxy.testing import resolve
from sseproxy.testing.naming import library_path, read_marker
from tests.cli.builder import save, stream

LIBRARY = Path("library")


@pytest.mark.parametrize(
    ("layers", "speed"),
    [
        ([], math.inf),
        ([{}, {"speed": None}, {}], math.inf),
        ([{"speed": 1}], 1),
        ([{"speed": "2.5"}], 2.5),
        ([{"speed": "max"}, {"speed": 1}], math.inf),
        ([{"speed": None}, {"speed": 1}, {"speed": 2}], 1),
        ([{}, {}, {}, {"speed": "3"}], 3),
    ],
)
def test_the_first_that_says_something_counts(layers: list[dict[str, Any]], speed: float) -> None:
    assert resolve(LIBRARY, *layers).speed == speed


def test_each_setting_is_looked_for_on_its_own() -> None:
    layers: list[dict[str, Any]] = [{"record_mode": "once"}, {"record_mode": "all", "speed": 1}]
    layers += [{"upstream": ["/a=http://a", "http://b"], "speed": 2, "strict": True}]
    plan = resolve(LIBRARY, *layers)
    assert plan == Plan(LIBRARY, RecordMode.ONCE, ("/a=http://a", "http://b"), 1.0, strict=True)


def test_nothing_said_replays_at_once() -> None:
    assert resolve(LIBRARY) == Plan(LIBRARY, RecordMode.NONE, (), math.inf)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"mode": "once"}, "there is no setting 'mode'; there are record_mode, speed, upstream, secret_env,"),
        ({"record_mode": "onec"}, "record_mode: 'onec' is none of none, once, new_episodes, all, rewrite"),
        (
            {"record_mode": "verify"},
            "record_mode: 'verify' is none of none, once, new_episodes, all, rewrite",
        ),
        ({"speed": 0}, "speed: 0 is neither a number from 0.001 on nor 'max'"),
        ({"speed": "fast"}, "speed: 'fast' is neither a number from 0.001 on nor 'max'"),
        ({"speed": True}, "speed: True is neither a number from 0.001 on nor 'max'"),
        ({"speed": [1]}, "speed: [1] is neither a number from 0.001 on nor 'max'"),
        (
            {"upstream": "http://h:99999"},
            "upstream: 'http://h:99999': should be a URL such as http://localhost:3000, with a port",
        ),
        ({"upstream": ["http://a", "/b"]}, "upstream: '/b': should be a URL, or /prefix=URL"),
        ({"upstream": []}, "upstream: [] is neither a URL nor a list of them"),
        ({"upstream": 8080}, "upstream: 8080 is neither a URL nor a list of them"),
        ({"secret_env": [1]}, "secret_env: [1] is neither a variable's name nor a list of them"),
        ({"strict": "yes"}, "strict: 'yes' is neither True nor False"),
        ({"exhausted": "stop"}, "exhausted: 'stop' is none of last, loop, miss"),
        ({"match": {"ignroe": []}}, "match: "),
        ([], "[] is no dictionary of settings"),
        ("x", "'x' is no dictionary of settings"),
    ],
)
def test_what_is_no_setting_is_told_with_its_place(settings: Any, told: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        resolve(LIBRARY, ("the marker", settings))
    assert str(caught.value).startswith(f"the marker: {told}")


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        (("lib", "once"), {}, "one library, not 'lib' and 'once'; settings go by name, such as record_mode="),
        (("lib",), {"library": "x"}, "one library, not 'lib' and 'x'; settings go by name"),
        ((), {"sped": 1}, "there is no setting 'sped'; there are library, record_mode, speed, upstream,"),
    ],
)
def test_what_a_marker_can_not_say(args: tuple[Any, ...], kwargs: dict[str, Any], told: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        read_marker(args, kwargs)
    assert str(caught.value).startswith(f"marker sse_cassette: {told}")


@pytest.mark.parametrize("named", ["a", "a/b", ".", "a/../b", Path("a")])
def test_a_library_is_named_below_its_folder(named: str | Path, tmp_path: Path) -> None:
    assert library_path("it", tmp_path, named, inside=True) == tmp_path / named


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (5, "5 is no text"),
        (["a"], "['a'] is no text"),
        (None, "None is no text"),
        ("..", "'..' is not in /"),
        ("a/../../b", "'a/../../b' is not in /"),
        ("/etc", "'/etc' is not in /"),
        ("a\0b", "'a\\x00b': no name of a file"),
        ("a\ud800", "'a\\ud800': no name of a file"),
        ("x" * 300, f"'{'x' * 40}…': File name too long"),
    ],
)
def test_what_can_be_no_library_is_told(named: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(SseproxyError) as caught:
        library_path("it", tmp_path, named, inside=True)
    assert str(caught.value).startswith(f"it: library: {told}")


def test_a_secret_stays_one_whoever_names_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEAR", "FAR"):
        monkeypatch.setenv(name, f"the secret {name}")
    redaction = resolve(LIBRARY, {"secret_env": "NEAR"}, {}, {"secret_env": ["FAR", "UNSET"]}).redaction
    assert redaction
    assert redaction.secrets == {"env.NEAR": b"the secret NEAR", "env.FAR": b"the secret FAR"}


def test_a_secret_that_is_not_set_is_warned_of_where_it_might_be_recorded() -> None:
    layer = {"secret_env": "UNSET"}
    assert resolve(LIBRARY, layer).redaction is None
    with pytest.warns(UserWarning, match=r"^sseproxy: UNSET \(secret_env\) is not set: nothing to mask$"):
        resolve(LIBRARY, {"record_mode": "once"}, layer)


SECRETS = """
import pytest, requests

@pytest.fixture
def sseproxy_config(monkeypatch):
    for name in ("BY_INI", "BY_FIXTURE", "BY_MARKER"):
        monkeypatch.setenv(name, f"plain words {name}")
    return {"secret_env": "BY_FIXTURE"}

@pytest.mark.sse_cassette("library", secret_env=["BY_MARKER"])
def test_secrets(sse_mock):
    question = "plain words BY_INI, plain words BY_FIXTURE, plain words BY_MARKER, plain words"
    body = {"question": question, "streaming": True}
    answer = requests.post(f"{sse_mock.url}/api/v1/prediction/conversation", json=body, timeout=30)
    assert answer.ok
"""


def test_values_of_the_environment_reach_no_cassette_and_match_all_the_same(suite: pytest.Pytester) -> None:
    suite.makepyfile(SECRETS)
    options = ("-o", "sse_secret_env=BY_INI", "-o", "sse_upstream=demo")
    suite.runpytest_inprocess(*options, "--sse-record-mode", "once").assert_outcomes(passed=1)
    (path,) = (suite.path / "cassettes" / "library").glob("*.sse.jsonl")
    # The answer repeats the question.
    assert set(re.findall(rb"plain words[ A-Z_]*", path.read_bytes())) == {b"plain words"}
    suite.runpytest_inprocess(*options).assert_outcomes(passed=1)


PLACES = """
import pytest

{fixture}

@pytest.mark.sse_cassette("library"{marker})
def test_speed(sse_mock):
    assert sse_mock._standin._plan.speed == {speed}
"""
FIXTURE = """
@pytest.fixture
def sseproxy_config():
    return {"speed": 3}
"""


@pytest.mark.parametrize(
    ("cli", "fixture", "marker", "ini", "speed"),
    [
        (True, True, True, True, 2.0),
        (False, True, True, True, 3.0),
        (False, False, True, True, 4.0),
        (False, False, False, True, 5.0),
        (False, False, False, False, "float('inf')"),
        (True, False, False, False, 2.0),
    ],
)
def test_command_line_fixture_marker_ini_default(
    suite: pytest.Pytester, cli: bool, fixture: bool, marker: bool, ini: bool, speed: object
) -> None:
    save(suite.path / "cassettes" / "library", stream())
    suite.makepyfile(
        PLACES.format(fixture=FIXTURE if fixture else "", marker=", speed=4" if marker else "", speed=speed)
    )
    options = [*(("--sse-speed", "2") if cli else ()), *(("-o", "sse_speed=5") if ini else ())]
    suite.runpytest_inprocess(*options).assert_outcomes(passed=1)
