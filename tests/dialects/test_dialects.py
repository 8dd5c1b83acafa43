"""What events mean, and whose they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.cli.dialects import by_name
from sseproxy.dialects import DIALECTS, PLAIN, UNSEEN, detect, is_last
from sseproxy.errors import SseproxyError
from sseproxy.sse import EventStreamParser, serialize
from tests.core.build import request
from tests.dialects.streams import STREAMS, events
from tests.sse.strategies import thorough

ALL = {dialect.name: dialect for dialect in (*DIALECTS, PLAIN)}
each_stream = pytest.mark.parametrize("name", STREAMS)


def test_each_dialect_has_a_stream_here() -> None:
    assert ALL.keys() == STREAMS.keys()


@each_stream
def test_events_mean(name: str) -> None:
    meanings = [ALL[name].meaning(event) for event in events(name)]
    told = [(kind, text, " ".join(f"{key}={value}" for key, value in ids)) for kind, text, ids in meanings]
    assert told == [line[1:] for line in STREAMS[name]]


@each_stream
def test_a_stream_is_recognised_by_its_events(name: str) -> None:
    assert detect(events(name)).name == name


@each_stream
def test_and_by_any_of_them_or_not_at_all(name: str) -> None:
    assert {detect([event]).name for event in events(name)} <= {name, "plain"}


@each_stream
def test_the_last_event_alone_is_the_last(name: str) -> None:
    dialect, whole = ALL[name], events(name)
    assert [dialect.is_last(event) for event in whole[:-1]] == [False] * (len(whole) - 1)
    assert dialect.is_last(whole[-1]) is (dialect is not PLAIN)
    assert is_last(whole[-1]) is (dialect is not PLAIN)


MEMBERS = (
    *("event", "data", "type", "choices", "delta", "error", "message", "jsonrpc", "id", "method", "model"),
    *("done", "params", "response", "item", "index", "content_block", "object", "tool_calls", "content"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*STREAMS, "end", "2.0", "start"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(MEMBERS), inner),
    max_leaves=8,
)


@thorough
@given(
    name=st.sampled_from(["", "end", "error", "token", "tts_start", "response.x", "ping"]),
    data=json_values.map(json.dumps) | st.text(),
)
def test_no_data_is_too_odd(name: str, data: str) -> None:
    """For any dialect; to make up the data takes longer than to ask them all."""
    for event in EventStreamParser().feed(serialize(data, event=name)):
        for dialect in ALL.values():
            kind, text, ids = dialect.meaning(event)
            assert kind not in UNSEEN, dialect
            assert {type(each) for each in (kind, text, *sum(ids, ()))} == {str}, dialect
            dialect.recognises(event)


ASKED = [
    ("flowise", b'{"question":"Hi","chatId":"c"}', (("chat", "c"),)),
    ("flowise", b'{"question":"Hi","chatId":null}', ()),
    ("flowise-named", b'{"chatId":"c"}', (("chat", "c"),)),
    ("flowise", b"no JSON", ()),
    ("mcp", b'{"jsonrpc":"2.0","id":3,"method":"tools/call"}', (("request", "3"),)),
    ("mcp", b'{"jsonrpc":"2.0","id":3,"result":{}}', ()),
    ("openai-chat", b'{"id":"c"}', ()),
]


@pytest.mark.parametrize(("name", "body", "ids"), ASKED)
def test_what_a_request_asks_for(name: str, body: bytes, ids: tuple[tuple[str, str], ...]) -> None:
    assert ALL[name].asked(request(body=body)) == ids


def test_a_dialect_is_called_by_its_name() -> None:
    assert by_name("anthropic") is ALL["anthropic"]
    assert by_name("plain") is PLAIN


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("antropic", "no dialect is called 'antropic'; did you mean 'anthropic'?"),
        ("zzz", f"no dialect is called 'zzz'; there are {', '.join(ALL)}"),
    ],
)
def test_a_name_that_none_has(name: str, sentence: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        by_name(name)
    assert str(caught.value) == sentence
