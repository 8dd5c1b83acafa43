"""The text of an event stream, out and in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.validate import findings
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Arrival, Ending, Exchange
from sseproxy.export.sse import sse
from tests.cli.builder import STREAM, stream
from tests.core import build
from tests.export.support import captured, export, imported
from tests.export.test_har import coded

JSON = captured()["conversation_nonstreaming"]


def test_the_stream_is_the_body() -> None:
    assert export("sse", JSON, captured()["toolagent"], JSON) == captured()["toolagent"].body


def test_a_coded_stream_is_decoded() -> None:
    assert export("sse", coded()) == b"data: a\n\ndata: b\n\n"


def unknown() -> Exchange:
    return replace(stream(), response=build.response((*STREAM, (b"Content-Encoding", b"rot13"))))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param([JSON], "there is no event stream", id="none"),
        pytest.param([stream(), stream()], "1.sse.jsonl: raw SSE holds one stream, and .* 0", id="two"),
        pytest.param([unknown()], "0.sse.jsonl: can't decode Content-Encoding rot13", id="no known coding"),
    ],
)
def test_what_can_not_be_one_stream_is_refused(values: list[Exchange], sentence: str) -> None:
    given: list[bytes] = []
    with pytest.raises(SseproxyError, match=sentence):
        given.extend(sse((f"{number}.sse.jsonl", each) for number, each in enumerate(values)))
    assert given == []


@pytest.mark.parametrize("name", [name for name, each in captured().items() if read_stream(each).is_stream])
def test_the_text_comes_back_and_nothing_is_made_up(name: str) -> None:
    (value,) = imported(export("sse", captured()[name]))
    assert value.arrivals == (Arrival(0, captured()[name].body),)
    assert [each.event for each in read_stream(value).events] == [
        each.event for each in read_stream(captured()[name]).events
    ]
    assert (value.request, value.ending, value.duration) == (None, Ending.EOF_UNFRAMED, 0)
    told = " ".join(note.text for note in value.notes)
    assert [
        word for word in ("request", "status", "headers", "ending", "times", "read") if word not in told
    ] == []
    assert findings(value) == []
