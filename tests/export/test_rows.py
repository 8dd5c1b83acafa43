"""A row for each event: what DuckDB finds in them, and that nothing is lost on the way."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given

from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange
from sseproxy.export.rows import rows
from tests.cassette.strategies import brief, exchanges
from tests.cli.builder import stream
from tests.export.support import captured, export

NUMBERS = ("status", "number", "t", "session_t", "gap", "read", "retry", "start", "stop")


def plain(value: Exchange) -> list[dict[str, object]]:
    return list(rows("0.sse.jsonl", read_story(value)))


@brief
@given(exchanges())
def test_lines_of_json_hold_the_rows(value: Exchange) -> None:
    assert [json.loads(line) for line in export("jsonl", value).splitlines()] == plain(value)


@brief
@given(exchanges())
def test_lines_of_csv_hold_the_rows(value: Exchange) -> None:
    """CSV knows texts alone, and no text from an empty one."""
    found = list(csv.DictReader(export("csv", value).decode().splitlines(keepends=True)))
    assert found == [
        {name: "" if cell is None else str(cell) for name, cell in row.items()} for row in plain(value)
    ]


def written(tmp_path: Path, form: str) -> str:
    path = tmp_path / f"events.{form}"
    path.write_bytes(export(form, *captured().values(), stream(b'data: a\0,"\ndata: b\n\n', b": beat\n\n")))
    return str(path)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_duckdb_counts_and_joins_the_events(tmp_path: Path, form: str) -> None:
    reader = "read_csv" if form == "csv" else "read_json"
    with duckdb.connect() as base:
        base.execute(f"create table events as select * from {reader}(?)", [written(tmp_path, form)])
        types = {name: kind for name, kind, *_ in base.execute("describe events").fetchall()}
        # No event here has a retry, and of what is never there no type can be told.
        assert {types[name] for name in NUMBERS if name != "retry"} == {"BIGINT"}
        told = base.execute(
            "select id, string_agg(text, '' order by number), count(*), max(session_t), sum(gap) from events"
            " where number is not null group by id"
        ).fetchall()
        (data,) = base.execute("select data from events where cassette = '12.sse.jsonl'").fetchall()[:1]
    found = {id: (text or "", count, last, gaps) for id, text, count, last, gaps in told}
    for value in captured().values():
        story = read_story(value)
        if story.heard:
            text = "".join(moment.meaning.text for moment in story.heard)
            last = story.heard[-1].t
            beats = sum(
                row["gap"] for row in plain(value) if row["number"] is None and isinstance(row["gap"], int)
            )
            assert found[value.head.id] == (text, len(story.heard), value.head.session_t + last, last - beats)
    assert data == ('a\0,"\nb',)


def test_a_row_reads_so() -> None:
    value = stream(b": beat\n\n", b'data:{"event":"token","data":"Hal"}\n\n')
    beat, token = plain(value)
    assert (beat["number"], beat["kind"], beat["comment"], beat["data"]) == (None, "comment", " beat", None)
    assert token == {
        "cassette": "0.sse.jsonl",
        "id": "01KAQ3M5Z8T7QRSV",
        "session": "01KAQ3KX",
        "wall": "2026-11-23T00:41:34.120415Z",
        "method": "POST",
        "target": "/api/v1/prediction/5f0c",
        "status": 200,
        "ending": "clean",
        "dialect": "flowise",
        "number": 1,
        "t": 20_000,
        "session_t": 20_000,
        "gap": 10_000,
        "read": 1,
        "kind": "token",
        "text": "Hal",
        "event": "message",
        "data": '{"event":"token","data":"Hal"}',
        "event_id": "",
        "retry": None,
        "comment": None,
        "start": 8,
        "stop": 45,
    }


def test_no_event_is_a_heading() -> None:
    assert export("csv").decode().rstrip().split(",") == list(plain(stream())[0])
    assert export("jsonl") == b""
