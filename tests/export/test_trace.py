"""Chrome's trace: by the rules of the Trace Event Format, and by Perfetto's own trace processor."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange
from tests.cassette.strategies import brief, exchanges
from tests.cli.builder import stream
from tests.export.support import captured, export
from tests.support.predictions import event, prediction

SHELL = shutil.which("trace_processor_shell") or shutil.which("trace_processor")


def events(*values: Exchange) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(export("trace", *values))
    assert document.keys() == {"displayTimeUnit", "traceEvents"}
    found: list[dict[str, Any]] = document["traceEvents"]
    return found


@brief
@given(exchanges())
def test_each_event_has_what_its_phase_demands(value: Exchange) -> None:
    """From the format's description: `ph`, `pid`, `tid` and a name for all; `ts` and a category but for
    metadata; `dur` for complete events; a scope for instants. Times are whole and not negative.
    """
    for each in events(value, value):
        assert isinstance(each["name"], str)
        assert isinstance(each["args"], dict)
        whole = [each["pid"], each["tid"]]
        match each["ph"]:
            case "M":
                assert each.keys() == {"ph", "pid", "tid", "name", "args"}
                assert each["name"] in ("process_name", "thread_name")
                assert each["args"].keys() == {"name"}
            case "X":
                assert each.keys() == {"ph", "pid", "tid", "name", "args", "cat", "ts", "dur"}
                whole += [each["ts"], each["dur"]]
            case "i":
                assert each.keys() == {"ph", "pid", "tid", "name", "args", "cat", "ts", "s"}
                assert each["s"] == "t"
                whole.append(each["ts"])
            case other:
                raise AssertionError(other)
        assert all(isinstance(number, int) and number >= 0 for number in whole)


seconds = st.integers(0, 20).map(lambda t: t * 1_000)


@brief
@given(st.lists(seconds, max_size=6), seconds)
def test_each_thread_has_a_name_and_slices_that_nest(times: list[int], end_t: int) -> None:
    """Slices of one thread may lie within each other and not overlap: readers drop those that do.

    Also where a hand has made times go back.
    """
    value = prediction([(t, event("token", "x")) for t in times], end_t=end_t)
    found = events(value, value)
    named = [(each["name"], each["pid"], each["tid"]) for each in found if each["ph"] == "M"]
    assert named == [("process_name", 1, 0), ("thread_name", 1, 1), ("thread_name", 1, 2)]
    assert {(each["pid"], each["tid"]) for each in found if each["ph"] != "M"} == {(1, 1), (1, 2)}
    complete = [each for each in found if each["ph"] == "X" and each["tid"] == 1]
    for one, other in combinations([(each["ts"], each["ts"] + each["dur"]) for each in complete], 2):
        begin, end = max(one[0], other[0]), min(one[1], other[1])
        assert begin >= end or (begin, end) in (one, other)


def test_a_session_is_a_process_and_an_exchange_a_thread() -> None:
    def of(session: str, id: str) -> Exchange:
        value = stream(id=id)
        return replace(value, head=replace(value.head, session=session, session_t=7))

    found = events(of("A", "1"), of("B", "2"), of("A", "3"))
    named = {(each["pid"], each["tid"]): each["args"]["name"] for each in found if each["ph"] == "M"}
    assert {key: name for key, name in named.items() if key[1] == 0} == {
        (1, 0): "session A",
        (2, 0): "session B",
    }
    assert sorted(key for key in named if key[1]) == [(1, 1), (1, 3), (2, 2)]
    assert [each["ts"] for each in found if each["ph"] == "i"][:4] == [10_007, 20_007, 30_007, 40_007]


def test_waits_and_stalls_are_slices() -> None:
    slow = captured()["slow_heartbeat"]
    slices = {each["name"]: (each["ts"], each["dur"]) for each in events(slow) if each["ph"] == "X"}
    heard = read_story(slow).heard
    assert slow.request
    assert slow.response
    began = slow.head.session_t
    assert slices == {
        f"POST {slow.request.target.decode()}": (began, slow.duration),
        "waiting for the head": (began, slow.response.t),
        "waiting for the first event": (began + slow.response.t, heard[0].t - slow.response.t),
        "stall": (began + heard[5].t, heard[6].t - heard[5].t),
    }


@pytest.mark.skipif(not SHELL, reason="Perfetto's trace processor is not on PATH, and no package brings it")
def test_perfetto_finds_every_event(tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_bytes(export("trace", *captured().values()))
    (tmp_path / "query.sql").write_text("select name, count(*) as n from slice group by name;")
    assert SHELL
    asked = [SHELL, "-q", str(tmp_path / "query.sql"), str(tmp_path / "trace.json")]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
    rows = [line.replace('"', "").split(",") for line in done.stdout.splitlines() if '"' in line][1:]
    found = {name: int(count) for name, count in rows}
    wanted = Counter(each["name"] for each in events(*captured().values()) if each["ph"] != "M")
    assert found == wanted
