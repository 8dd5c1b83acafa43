"""`sseproxy demo`: the first thing that a new user sees."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Ending
from tests.cli.support import COMMAND, ENVIRONMENT, PATIENCE, complaint, good, in_terminal, sseproxy

ACTS = ["1  Record", "2  Replay", "3  How exact?"]


def test_it_records_replays_and_measures() -> None:
    shown = good("demo")
    assert re.findall(r"^\d  [A-Z][a-z]+(?: exact\?)?", shown, re.MULTILINE) == ACTS
    assert "⟨start⟩" in shown
    assert re.search(r"^ *clean, 45 events in \d+\.\d\d s → \S+\.sse\.jsonl$", shown, re.MULTILINE)
    assert re.findall(r"(\w+) equal +(\w+)", shown)[:2] == [("bytes", "yes"), ("order", "yes")]
    assert re.search(r"timing error +p50 \d+\.\d+ ms  p99 ", shown)


ENDINGS = {"cut": (Ending.TRUNCATED, 9), "plain": (Ending.CLEAN, 0)}


@pytest.mark.parametrize("flow", ENDINGS)
def test_it_asks_shows_how_the_stream_ended_and_keeps_the_cassette(tmp_path: Path, flow: str) -> None:
    ending, events = ENDINGS[flow]
    shown = good("demo", "--flow", flow, "--question", "Où?", "--speed", "max", "--cassettes", tmp_path)
    (path,) = find([tmp_path])
    assert f"   {ending}, {events} events in " in shown
    assert path.name in shown
    kept = load(path)
    assert kept.ending is ending
    assert kept.request
    assert kept.request.body == '{"question":"Où?","streaming":true}'.encode()
    assert "without waiting" in shown


def test_no_line_is_wider_than_the_terminal() -> None:
    shown = in_terminal("demo", "--flow", "error", "--speed", "max", columns=60, env={"NO_COLOR": "1"})
    events = shown.partition("2  Replay")[2].partition("3  How")[0].splitlines()[2:]
    assert [line for line in events if len(re.sub(r"\x1b\[[\d;]*m", "", line)) > 60] == []


def test_a_folder_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("in the way")
    outcome = sseproxy("demo", "--flow", "error", "--speed", "max", "--cassettes", taken)
    assert str(taken) in complaint(outcome)
    assert "not JSON" not in outcome.err


def test_an_interrupt_ends_it_quietly() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--flow", "slow"],
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b"1  Record")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err.strip()) == (130, b"")
