"""`sseproxy show --json`: what tools may rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sseproxy.exchange import Ending, Exchange
from tests.cli.builder import STREAM, save, stream, unanswered
from tests.cli.support import good

KEYS = ["cassette", "id", "wall", "method", "target", "status", "ending", "events"]


def as_json(*paths: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(good("show", "--json", *paths))
    return found


def test_the_keys_and_their_meaning(tmp_path: Path) -> None:
    path = save(tmp_path, stream(b"event: token\nid: 7\nretry: 30\ndata: Hal\ndata: lo\n\n"))
    assert as_json(path) == [
        {
            "cassette": str(path),
            "id": "01KAQ3M5Z8T7QRSV",
            "wall": "2026-11-23T00:41:34.120415Z",
            "method": "POST",
            "target": "/api/v1/prediction/5f0c",
            "status": 200,
            "ending": "clean",
            "events": [{"t": 10_000, "event": "token", "data": "Hal\nlo", "id": "7", "retry": 30}],
        }
    ]


def test_an_array_oldest_first_also_of_none(tmp_path: Path) -> None:
    save(tmp_path, stream(id="NEW", wall="2026-01-02T00:00:00.000000Z"), "a.sse.jsonl")
    save(tmp_path, stream(id="OLD", wall="2026-01-01T00:00:00.000000Z"), "b.sse.jsonl")
    assert [each["id"] for each in as_json(tmp_path)] == ["OLD", "NEW"]
    unwritten = tmp_path / "c.sse.jsonl.part"
    unwritten.touch()
    assert as_json(unwritten) == []


JSON = ((b"Content-Type", b"application/json"),)
WHOLE: dict[str, tuple[Exchange, dict[str, object]]] = {
    "no response": (
        unanswered(Ending.UPSTREAM_TIMEOUT),
        {"status": None, "ending": "upstream_timeout", "events": []},
    ),
    "no end": (stream(b"data: x", ending=None), {"status": 200, "ending": "incomplete", "events": []}),
    "no request": (
        replace(stream(ending=None), request=None, response=None, arrivals=()),
        {"method": None, "target": None, "status": None},
    ),
    "a target that is no UTF-8": (stream(target=b"/caf\xe9"), {"target": "/caf\\xe9"}),
    "a body that is no stream": (stream(b"data: x\n\n", headers=JSON), {"ending": "clean", "events": []}),
}


def test_what_is_missing_is_null(tmp_path: Path) -> None:
    for name, (value, _) in WHOLE.items():
        save(tmp_path, replace(value, head=replace(value.head, id=name)))
    found = {each["id"]: each for each in as_json(tmp_path)}
    for name, (_, expected) in WHOLE.items():
        assert {key: found[name][key] for key in expected} == expected
        assert list(found[name]) == KEYS


EVENTS: dict[str, tuple[list[bytes], list[dict[str, object]]]] = {
    "a block without data is not there": (
        [b": beat\n\nevent: x\n\nretry: 1\n\ndata: a\n\n"],
        [{"data": "a"}],
    ),
    "data without text is": ([b"data\n\n"], [{"data": ""}]),
    "message where none is named": ([b"data: a\n\nevent:\ndata: b\n\n"], [{"event": "message"}] * 2),
    "the last id holds on, even from a block that is not there": (
        [b"data: a\n\nid: 1\n\ndata: b\n\ndata: c\n\nid\ndata: d\n\n"],
        [{"id": ""}, {"id": "1"}, {"id": "1"}, {"id": ""}],
    ),
    "an id with NUL is none": ([b"id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n"], [{"id": "1"}] * 2),
    "retry is the block's own": (
        [b"retry: 5\n\ndata: a\n\nretry: 7\ndata: b\n\ndata: c\n\n"],
        [{"retry": None}, {"retry": 7}, {"retry": None}],
    ),
    "the last valid retry of the block": (
        [b"retry: 5\nretry: 6\nretry: 6s\nretry:\ndata: a\n\n"],
        [{"retry": 6}],
    ),
    "the time of the read that completed it": (
        [b"data: a\n", b"\ndata: b\n\ndata: c\n\n"],
        [{"t": 20_000, "data": data} for data in "abc"],
    ),
    "CR and CRLF end lines, U+2028 does not": (
        [b"data: a\r\rdata: b\r\n\r\ndata: c\xe2\x80\xa8d\n\n"],
        [{"data": "a"}, {"data": "b"}, {"data": "c\u2028d"}],
    ),
    "the unfinished last one is not there": ([b"data: a\n\ndata: b\n"], [{"data": "a"}]),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The events of each, asked once for all."""
    folder = tmp_path_factory.mktemp("events")
    for number, (reads, _) in enumerate(EVENTS.values()):
        save(folder, stream(*reads, id=f"{number:02}"))
    return dict(zip(EVENTS, (each["events"] for each in as_json(folder)), strict=True))


@pytest.mark.parametrize("name", EVENTS)
def test_events_are_those_that_a_listener_gets(found: dict[str, list[dict[str, Any]]], name: str) -> None:
    _, expected = EVENTS[name]
    events = found[name]
    assert all(list(event) == ["t", "event", "data", "id", "retry"] for event in events)
    assert [
        {key: event[key] for key in want} for event, want in zip(events, expected, strict=True)
    ] == expected


def test_a_content_type_may_have_parameters_and_any_case(tmp_path: Path) -> None:
    headers = ((b"content-type", b"Text/Event-Stream ; charset=utf-8"),)
    assert headers != STREAM
    (found,) = as_json(save(tmp_path, stream(headers=headers)))
    assert len(found["events"]) == 3
