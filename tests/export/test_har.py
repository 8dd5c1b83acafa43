"""HAR 1.2: what a foreign reader finds in ours, and that ours comes back as it was."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from haralyzer import HarParser
from hypothesis import given

from sseproxy.exchange import Arrival, Ending, Exchange
from tests.cassette.strategies import exchanges, thorough
from tests.cli.builder import STREAM, stream
from tests.core import build
from tests.export.support import captured, export, imported


def entries(*values: Exchange) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(export("har", *values))["log"]["entries"]
    return document


@thorough
@given(exchanges())
def test_what_was_exported_comes_back_whole(value: Exchange) -> None:
    assert imported(export("har", value, value)) == [value, value]


@pytest.mark.parametrize("name", captured())
def test_the_captures_come_back_whole(name: str) -> None:
    assert imported(export("har", captured()[name])) == [captured()[name]]


def coded() -> Exchange:
    """Two events compressed as one body that came in two reads."""
    body = gzip.compress(b"data: a\n\ndata: b\n\n", mtime=0)
    came = (Arrival(5_000, body[:12]), Arrival(9_000, body[12:]))
    return replace(
        build.exchange(came), response=build.response((*STREAM, (b"Content-Encoding", b"gzip")), t=4_000)
    )


def test_a_coded_body_is_shown_decoded_and_comes_back_coded() -> None:
    (entry,) = entries(coded())
    assert entry["response"]["content"] == {
        "size": 18,
        "mimeType": "text/event-stream",
        "compression": 18 - len(coded().body),
        "text": "data: a\n\ndata: b\n\n",
    }
    assert imported(export("har", coded())) == [coded()]


# The parser's own, from Python 3.14 on: its cached-property asks asyncio what is asked of inspect now.
@pytest.mark.filterwarnings("ignore:'asyncio.iscoroutinefunction' is:DeprecationWarning:cached_property")
def test_a_foreign_parser_reads_the_captures() -> None:
    """haralyzer knows nothing of us: what it finds, it finds by the names of HAR 1.2."""
    wanted = sorted(captured().values(), key=lambda value: value.head.wall)  # as the parser sorts them
    (page,) = HarParser(json.loads(export("har", *wanted))).pages
    assert len(page.entries) == len(wanted)
    for found, value in zip(page.entries, wanted, strict=True):
        assert value.request
        assert value.response
        assert (found.request.method, found.response.status) == (value.request.method, value.response.status)
        assert found.request.url == value.head.upstream + value.request.target.decode()
        assert found.request.httpVersion == f"HTTP/{value.request.version}"
        assert (found.request.text or "").encode() == value.request.body
        assert [(h["name"], h["value"]) for h in found.response.headers] == [
            (name.decode(), text.decode()) for name, text in value.response.headers
        ]
        assert found.response.text.encode() == value.body
        assert found.time == value.duration / 1000
        assert (found.timings["wait"], found.timings["send"]) == (value.response.t / 1000, 0)
        assert found.startTime.isoformat(timespec="microseconds").replace("+00:00", "Z") == value.head.wall


def test_events_are_told_as_browsers_tell_them() -> None:
    (entry,) = entries(stream(b"event: token\nid: 7\ndata: Hal\n\n", b": beat\n\n", b"data: lo\n\n"))
    began = 1795394494.120415  # 2026-11-23T00:41:34.120415Z
    assert entry["_eventSourceMessages"] == [
        {"time": pytest.approx(began + 0.01, abs=1e-6), "eventName": "token", "eventId": "7", "data": "Hal"},
        {"time": pytest.approx(began + 0.03, abs=1e-6), "eventName": "message", "eventId": "7", "data": "lo"},
    ]


def test_lines_of_json_are_no_events() -> None:
    (entry,) = entries(stream(b'{"done":true}\n', headers=((b"Content-Type", b"application/x-ndjson"),)))
    assert "_eventSourceMessages" not in entry


def test_an_exchange_without_a_response_says_why() -> None:
    (entry,) = entries(build.exchange(response=None, ending=Ending.CONNECT_FAILED))
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "connect_failed"


def test_no_exchange_is_an_empty_log() -> None:
    assert entries() == []
    assert imported(export("har")) == []
