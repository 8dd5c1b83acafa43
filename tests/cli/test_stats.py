"""`sseproxy stats` as its users run it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from sseproxy.exchange import Ending
from tests.cli.builder import save, stream, unanswered
from tests.cli.support import complaint, good, in_terminal, sseproxy
from tests.e2e.record_cassettes import FOLDER
from tests.support.predictions import prediction, tokens


def test_a_line_a_stream_then_the_sum(tmp_path: Path) -> None:
    save(tmp_path, stream())
    save(tmp_path, unanswered(Ending.CONNECT_FAILED, id="01KAQ3M5Z8T7QRSW"))
    heading, first, second, _, sum_, *rest = good("stats", tmp_path).splitlines()
    assert heading.split()[:3] == ["EVENTS", "TOKENS", "FIRST"]
    assert " ".join(first.split()) == (
        "3 2 0.010 0.010 10.0 10.0 10.0 10.0 100.0 3600.0 1.00 0 0.040 clean 01KAQ3M5Z8T7QRSV"
    )
    assert " ".join(second.split()) == "- - - - - - - - - - - - 0.010 connect_failed 01KAQ3M5Z8T7QRSW"
    assert sum_ == "1 stream: 1 clean"
    assert rest[:2] == [
        "1 response of another type not counted below",
        "3 events (1.00 a read), 2 tokens, 72 bytes in 3 reads, 0 stalls",
    ]


def test_how_gaps_spread_is_drawn() -> None:
    drawn = good("stats", FOLDER).split("gap between events\n")[1].splitlines()
    steps = [line[:18].strip() for line in drawn if " to " in line]
    assert "10 ms to 20 ms" in steps
    assert "20 s to 50 s" in steps
    assert max(line.count("█") for line in drawn) == 40


def test_a_gap_of_days_is_drawn_too(tmp_path: Path) -> None:
    save(tmp_path, prediction([*tokens(20, "a", "b"), *tokens(10 * 24 * 3_600_000, "c")]))
    assert "500000 s and more  █" in good("stats", tmp_path)


def test_in_a_terminal_it_has_colours() -> None:
    assert "\x1b[32mclean" in in_terminal("stats", FOLDER)


def test_in_a_window_of_80_columns_nothing_is_folded(tmp_path: Path) -> None:
    save(tmp_path, stream(ending=Ending.UPSTREAM_TIMEOUT))
    shown = re.sub(r"\x1b\[[\d;]*m", "", in_terminal("stats", tmp_path, columns=80)).splitlines()
    assert max(map(len, shown)) == 80
    assert shown[0].split() == [
        "EVENTS",
        "TOKEN",
        "s",
        "P50",
        "ms",
        "MAX",
        "ms",
        "TOK/s",
        "STALLS",
        "ENDING",
        "ID",
    ]
    assert shown[1].endswith("  upstream_timeout 01KAQ3M5Z8T7QRSV")


def test_of_nothing_that_can_be_read_there_is_no_sum(tmp_path: Path) -> None:
    bad = tmp_path / "bad.sse.jsonl"
    bad.write_bytes(b"hello\n")
    outcome = sseproxy("stats", bad)
    assert (complaint(outcome).startswith(f"{bad}:1: not JSON"), outcome.out) == (True, "")


def test_json_and_csv_tell_the_same() -> None:
    told = json.loads(good("stats", "--json", FOLDER))
    rows = list(csv.DictReader(good("stats", "--csv", FOLDER).splitlines()))
    assert [row["id"] for row in rows] == [stream["id"] for stream in told["streams"]]
    assert [int(row["events"]) for row in rows] == [stream["events"] for stream in told["streams"]]
    assert {row["is_stream"] for row in rows} == {"true", "false"}
    p50 = "gen_ai.client.operation.time_per_output_chunk"
    assert float(rows[0][f"{p50}.p50"]) == told["streams"][0][p50]["p50"]
    assert told["total"]["streams"] == 8


def test_a_cassette_that_can_not_be_read_hides_no_other(tmp_path: Path) -> None:
    save(tmp_path, stream())
    (tmp_path / "a.sse.jsonl").write_text("{}\n")
    outcome = sseproxy("stats", "--json", tmp_path)
    assert (outcome.status, len(json.loads(outcome.out)["streams"])) == (2, 1)
