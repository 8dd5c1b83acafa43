"""Chrome's trace: by the rules of the Trace Event Format, and by Perfetto's own trace processor."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange
from tests.cassette.strategies import brief, exchanges
from tests.cli.builder import stream
from tests.export.support import captured, export

SHELL = shutil.which("trace_processor_shell") or shutil.which("trace_processor")


def events(*values: Exchange) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(export("trace", *values))
    assert document.keys() == {"displayTimeUnit", "traceEvents"}
    found: list[dict[str, Any]] = document["traceEvents"]
    return found


@brief
@given(exchanges())
def test_each_event_has_what_its_phase_demands(value: Exchange) -> None:
    """From the format's description: `ph`, `pid`, `tid` and a name for all; `ts` but for metadata; `dur`
    for complete events; a scope for instants. Times are whole and not negative.
    """
    for each in events(value, value):
        assert {"ph", "pid", "tid", "name", "args"} <= each.keys()
        assert isinstance(each["name"], str)
        match each["ph"]:
            case "M":
                assert each["name"] in ("process_name", "thread_name")
            case "X":
                assert (each["ts"] >= 0, each["dur"] >= 0) == (True, True)
            case "i":
                assert (each["ts"] >= 0, each["s"]) == (True, "t")
            case other:
                raise AssertionError(other)


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
