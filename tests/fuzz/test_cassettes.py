"""Whatever a cassette holds: it is read, or said in one sentence to be none."""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from sseproxy.analysis.diff import diff
from sseproxy.analysis.events import read_stream
from sseproxy.analysis.report import as_json
from sseproxy.analysis.stats import Total, stats
from sseproxy.analysis.story import read_story
from sseproxy.analysis.validate import findings
from sseproxy.cassette.decode import decode, decode_tail
from sseproxy.console.cassettes import Listing, showing
from sseproxy.console.diff import differing
from sseproxy.console.stats import stats_line, totalling
from sseproxy.console.timeline import waterfall
from sseproxy.errors import CassetteError, SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.export import FORMATS
from sseproxy.export.page import page
from sseproxy.matching import Answer, Answers, Loaded
from sseproxy.matching.telling import lines
from sseproxy.schedule import schedule
from tests.e2e.record_cassettes import FOLDER
from tests.fuzz.support import bounded, mutated, unhurried
from tests.support.scenes import scenes_of

pytestmark = unhurried

LONGEST = 3_000


@cache
def cassettes() -> list[bytes]:
    """Those of the captures, the long ones shortened, and one with every kind of record."""
    real = [path.read_bytes() for path in sorted(FOLDER.glob("*.sse.jsonl"))]
    short = [
        b"".join([*each[:LONGEST].splitlines(keepends=True)[:-1], each.splitlines()[-1], b"\n"])
        for each in real
    ]
    head = {"k": "head", "format": "sse-cassette", "version": 1, "id": "1", "by": "x", "session": "1"}
    sent = {"k": "request", "t": 0, "method": "POST", "target": {"b64": "L/8="}, "version": "1.1"}
    got = {"k": "response", "t": 5, "status": 200, "reason": "OK", "version": "1.1", "framing": "chunked"}
    records: list[dict[str, Any]] = [
        head | {"wall": "2026-01-01T00:00:00.000000Z", "session_t": 0, "upstream": "http://localhost"},
        sent | {"headers": [["A", {"b64": "/w=="}]], "body": {"text": "{", "bytes": 1}},
        {"k": "upload", "t": 1, "text": "}"},
        {"k": "upload_end", "t": 2, "bytes": 2, "complete": True},
        got | {"headers": [["Content-Type", "text/event-stream"], ["Content-Encoding", "identity"]]},
        {"k": "data", "t": 6, "text": "id: 1\nretry: 5\ndata: a\n\n", "more": True},
        {"k": "data", "t": 6, "b64": "/w=="},
        {"k": "note", "t": 7, "text": "lost", "tags": ["hole"]},
        {"k": "unheard", "of": [None, 1.5]},
        {
            "k": "end",
            "t": 9,
            "reason": "lossy",
            "bytes": 24,
            "trailers": [["X", "y"]],
            "detail": "why",
            "client": "left",
        },
    ]
    return [*short, b"".join(json.dumps(record).encode() + b"\n" for record in records)]


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        [
            "head",
            "end",
            "data",
            "gzip",
            "br",
            "text/event-stream",
            "Content-Encoding",
            "\x1b[2J",
            "\ud800",
            "[b]",
        ]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["b64", "text", "k"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A cassette in which some values, somewhere, are others, or lines stand elsewhere."""
    records = [json.loads(line) for line in draw(st.sampled_from(cassettes())).splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(records) - 1))
        match draw(st.sampled_from(["value", "inner", "drop", "repeat", "move", "remove"])):
            case "value":
                records[at][draw(st.sampled_from(sorted(records[at])))] = draw(values)
            case "inner":
                lists = [value for value in records[at].values() if isinstance(value, list) and value]
                if lists:
                    lists[0][draw(st.integers(0, len(lists[0]) - 1))] = draw(values)
            case "drop":
                if records[at]:
                    del records[at][draw(st.sampled_from(sorted(records[at])))]
            case "repeat":
                records.insert(at, json.loads(json.dumps(records[at])))
            case "move":
                records.append(records.pop(at))
            case _:
                if len(records) > 1:
                    del records[at]
        if not records[min(at, len(records) - 1)]:
            break
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def look(exchange: Exchange) -> None:
    """All that commands make of it before they print or play."""
    stream = read_stream(exchange)
    findings(exchange)
    orjson.dumps(as_json("x", exchange, stream))
    out = Console(file=io.StringIO(), width=100_000)
    listing = Listing(80)
    listing.expect(exchange.request)
    rows = listing.lines(exchange, stream, exchange.ending)
    for line in [listing.heading(), *rows, *showing(exchange, stream, exchange.ending), *debugged(exchange)]:
        assert not UNFIT.search(line.plain)
        out.print(line)
    for export in FORMATS.values():
        with contextlib.suppress(SseproxyError):  # no stream, or a coding that is not known
            b"".join(export([("x", exchange)]))
    for speed in (1.0, math.inf):
        dues = [step.due for step in schedule(exchange, speed)]
        assert dues == sorted(dues)
    answers = Answers(Loaded([exchange]))
    if exchange.request:
        assert answers.answer(exchange.request) == Answer(0)
        assert all(told.isprintable() for told in lines(answers.explain(exchange.request)))


UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")
"""What could drive a terminal."""


def debugged(exchange: Exchange) -> Iterator[Text]:
    """`timeline`, `stats` and `diff`."""
    story = read_story(exchange)
    total = Total()
    total.add(stats(story), is_stream=story.stream.is_stream)
    yield stats_line(story, stats(story), 80)
    yield from totalling(total)
    for scene in scenes_of([("x", story)]):
        yield from waterfall(scene, None)
        yield from waterfall(scene, 80)
    page(scenes_of([("x", story)], fold=False), "x")
    assert diff(story, story).headings == []
    other = read_story(decode(cassettes()[0]))
    yield from differing(("x", "y"), story, diff(story, other).changes.items())


def check_sentence(error: CassetteError) -> None:
    assert "\n" not in str(error)
    assert str(error).isprintable()


def read(data: bytes) -> None:
    for part in (True, False):
        try:
            exchange = decode(data, part=part)
        except CassetteError as error:
            check_sentence(error)
        else:
            look(exchange)


@pytest.mark.parametrize("number", range(len(cassettes())))
def test_a_cassette_that_nobody_touched_is_read(number: int) -> None:
    look(decode(cassettes()[number]))


@bounded
@given(st.binary(max_size=200) | mutated(cassettes()))
@example(b"")
@example(b"\n")
@example(b"null\n")
@example(b'{"k":"head"}\n')
@example(b'{"k":"data"}')
def test_a_cassette_with_other_bytes_is_read_or_explained(data: bytes) -> None:
    read(data)


@bounded
@given(edited())
def test_a_cassette_with_other_values_is_read_or_explained(data: bytes) -> None:
    read(data)


@bounded
@given(edited() | mutated(cassettes()), st.floats(0, 1))
def test_the_tail_of_a_cassette_is_read_or_explained(data: bytes, share: float) -> None:
    try:
        decode_tail(data[int(share * len(data)) :])
    except CassetteError as error:
        check_sentence(error)
