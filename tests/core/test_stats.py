"""Figures of streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from sseproxy.analysis.stats import Spread, Total, stats
from sseproxy.analysis.stats_rows import as_json, flat, total_as_json
from sseproxy.analysis.story import read_story
from sseproxy.exchange import Ending, Exchange
from tests.cassette.strategies import brief, exchanges
from tests.core import build
from tests.export.support import captured

TOKEN = b'data:{"event":"token","data":"x"}\n\n'
END = b'data:{"event":"end","data":"[DONE]"}\n\n'
START = b'data:{"event":"start","data":""}\n\n'


def spoken() -> Exchange:
    """A start, a comment, four tokens of which two came together, and the end a stall later."""
    came = build.arrivals(
        (100_000, START),
        (150_000, b": beat\n\n"),
        (200_000, TOKEN),
        (300_000, TOKEN + TOKEN),
        (500_000, TOKEN),
        (2_500_000, END),
    )
    return build.exchange(came, end_t=2_600_000)


def test_the_figures_of_a_stream() -> None:
    found = stats(read_story(spoken()))
    size = len(spoken().body)
    assert (found.events, found.tokens, found.bytes) == (6, 4, size)
    assert (found.first_event, found.first_token, found.duration) == (100_000, 200_000, 2_600_000)
    assert list(found.gaps) == [100_000, 100_000, 0, 200_000, 2_000_000]
    assert found.spread == Spread(100_000, 2_000_000, 2_000_000, 2_000_000)
    assert (found.per_token, found.tokens_per_second) == (100_000, 10.0)
    assert found.bytes_per_second == pytest.approx(size / 2.4)
    assert (found.reads, found.reads_with_events, found.events_per_read) == (6, 5, 1.2)
    assert (found.stalls, found.ending, found.dialect) == (1, "clean", "flowise")


def row(value: Exchange) -> dict[str, Any]:
    story = read_story(value)
    told: dict[str, Any] = json.loads(json.dumps(as_json("c", story, stats(story))))
    return told


def test_json_has_opentelemetrys_names_and_its_seconds() -> None:
    told = row(spoken())
    assert {name: value for name, value in told.items() if name.startswith("gen_ai.")} == {
        "gen_ai.client.operation.duration": 2.6,
        "gen_ai.client.operation.time_to_first_chunk": 0.1,
        "gen_ai.client.operation.time_per_output_chunk": {"p50": 0.1, "p90": 2.0, "p99": 2.0, "max": 2.0},
        "gen_ai.server.time_to_first_token": 0.2,
        "gen_ai.server.time_per_output_token": 0.1,
    }


@brief
@given(exchanges())
def test_every_exchange_has_the_same_columns(value: Exchange) -> None:
    assert row(value).keys() == row(spoken()).keys()
    assert dict(flat(row(value))).keys() == dict(flat(row(spoken()))).keys()


def total(*values: Exchange) -> Total:
    found = Total()
    for story in map(read_story, values):
        found.add(stats(story), is_stream=story.stream.is_stream)
    return found


def test_the_sum_of_the_captures() -> None:
    told = total_as_json(total(*captured().values()))
    each = [row(value) for value in captured().values()]
    streams = [figures for figures in each if figures["is_stream"]]
    assert (told["streams"], told["others"]) == (8, 4)
    assert told["endings"] == {"clean": 7, "eof_unframed": 1}
    for name in ("events", "tokens", "bytes", "reads", "stalls"):
        assert told[name] == sum(figures[name] for figures in streams)
    longest = max(figures["gen_ai.client.operation.duration"] for figures in streams)
    assert isinstance(spread := told["gen_ai.client.operation.duration"], dict)
    assert spread["max"] == longest


def test_no_stream_is_no_figure() -> None:
    told = total_as_json(total(build.exchange(response=None, ending=Ending.CONNECT_FAILED)))
    assert (told["streams"], told["others"], told["endings"]) == (0, 1, {})
    assert told["gen_ai.server.time_to_first_token"] is None


def test_a_stream_that_hangs_before_its_ending_has_stalled() -> None:
    said = (10, b"data:a\n\n"), (20, b"data:b\n\n")
    ended = {
        t: stats(read_story(build.exchange(build.arrivals(*said), end_t=t))).stalls
        for t in (30, 999_999, 1_000_020)
    }
    assert ended == {30: 0, 999_999: 0, 1_000_020: 1}
