"""Whether a server answers as it did: structure is compared, prose is not."""

from __future__ import annotations

import pytest

from sseproxy.analysis.drift import drift
from sseproxy.analysis.lint import Expectations
from sseproxy.exchange import Ending, Exchange, Headers
from tests.core import build

JSON: Headers = ((b"Content-Type", b"application/json; charset=utf-8"),)


def stream(*events: str, ending: Ending = Ending.CLEAN) -> Exchange:
    """Events of the prediction server, `KIND=DATA` each, where DATA is JSON."""
    told = [event.partition("=") for event in events]
    body = "".join(f'message:\ndata:{{"event":"{kind}","data":{data}}}\n\n' for kind, _, data in told)
    return build.exchange(build.arrivals((1, body.encode())), ending=ending)


def named(*kinds: str) -> Exchange:
    """Events of Anthropic's messages."""
    body = "".join(f'event: {kind}\ndata: {{"type":"{kind}"}}\n\n' for kind in kinds)
    return build.exchange(build.arrivals((1, body.encode())))


def chunks(*deltas: str) -> Exchange:
    """Of an OpenAI chat completion."""
    chunk = 'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":%s}]}\n\n'
    return build.exchange(build.arrivals((1, "".join(chunk % delta for delta in deltas).encode())))


def answer(body: bytes, status: int = 200, headers: Headers = JSON) -> Exchange:
    return build.exchange(build.arrivals((1, body)), response=build.response(headers, status=status))


CHAT = stream(
    'start=""', 'token="Hal"', 'token="lo"', 'metadata={"chatId":"a","n":1,"l":[{"x":1}]}', 'end="[DONE]"'
)

SAME = {
    "itself": (CHAT, CHAT),
    "other prose": (
        CHAT,
        stream(
            'start=""',
            'token="Good "',
            'token="day"',
            'token="!"',
            'metadata={"n":2.5,"chatId":"b","l":[]}',
            'end="[DONE]"',
        ),
    ),
    "a token more": (stream('token="a"', 'end="[DONE]"'), stream('token="a"', 'token="b"', 'end="[DONE]"')),
    "a ping more": (
        named("message_start", "ping", "message_stop"),
        named("message_start", "message_stop", "ping"),
    ),
    "a longer list": (answer(b'{"a":[{"b":1}]}'), answer(b'{"a":[{"b":1},{"b":2}]}')),
    "no JSON": (
        answer(b"hello", headers=((b"Content-Type", b"text/plain"),)),
        answer(b"bye", headers=((b"Content-Type", b"text/plain"),)),
    ),
    "named events": (
        build.exchange(build.arrivals((1, b"event: a\ndata: x\n\n"))),
        build.exchange(build.arrivals((1, b"event: a\ndata: y\n\n"))),
    ),
}

DRIFTED: dict[str, tuple[Exchange, Exchange, list[str]]] = {
    "the order": (
        CHAT,
        stream('start=""', 'metadata={"chatId":"a","n":1,"l":[]}', 'token="Hallo"', 'end="[DONE]"'),
        ["order of events: start metadata token end, was start token+ metadata end"],
    ),
    "a kind is gone": (
        stream('token="a"', "usedTools=[]", 'end="[DONE]"'),
        stream('token="a"', 'end="[DONE]"'),
        ["order of events: token end, was token usedTools end"],
    ),
    "a kind that only its dialect tells": (
        chunks('{"role":"assistant"}', '{"content":"Hi"}'),
        chunks('{"role":"assistant"}', '{"tool_calls":[{"index":0}]}', '{"content":"Hi"}'),
        ["order of events: role tool_call token, was role token"],
    ),
    "the dialect": (
        stream('token="a"'),
        chunks('{"content":"a"}'),
        [
            "dialect: openai-chat, was flowise",
            *("token: $.choices is new, a list", "token: $.data is gone, was a string"),
            *("token: $.event is gone, was a string", "token: $.object is new, a string"),
        ],
    ),
    "no events": (
        CHAT,
        stream(),
        ["order of events: none, was start token+ metadata end"],
    ),
    "a value has another type": (
        stream('metadata={"n":1}'),
        stream('metadata={"n":"1"}'),
        ["metadata: $.data.n is a string, was a number"],
    ),
    "a value came and one went": (
        stream('metadata={"old":{"a":1}}'),
        stream('metadata={"new":[1]}'),
        ["metadata: $.data.new is new, a list", "metadata: $.data.old is gone, was an object"],
    ),
    "the data of a token": (
        stream('token="a"'),
        stream('token={"text":"a"}'),
        ["token: $.data is an object, was a string", "token: $.data.text is new, a string"],
    ),
    "the status": (answer(b"{}"), answer(b"{}", 500), ["status: 500, was 200"]),
    "the type": (
        answer(b"{}"),
        answer(b"{}", headers=((b"Content-Type", b"text/html"),)),
        ["Content-Type: text/html, was application/json"],
    ),
    "the ending": (
        CHAT,
        stream('start=""', 'token="Hallo"', ending=Ending.TRUNCATED),
        ["ending: truncated, was clean", "order of events: start token, was start token+ metadata end"],
    ),
    "no response": (
        CHAT,
        build.exchange(response=None, ending=Ending.CONNECT_FAILED),
        ["response: none, was 200", "ending: connect_failed, was clean"],
    ),
    "a plain answer": (
        answer(b'{"a":1,"b":null}'),
        answer(b'{"a":true}'),
        ["body: $.a is a boolean, was a number", "body: $.b is gone, was null"],
    ),
    "a plain answer that is JSON no more": (answer(b"[1]"), answer(b"oops"), ["body: $ is gone, was a list"]),
}


@pytest.mark.parametrize(("recorded", "live"), SAME.values(), ids=list(SAME))
def test_prose_does_not_count(recorded: Exchange, live: Exchange) -> None:
    assert drift(recorded, live) == []


@pytest.mark.parametrize(("recorded", "live", "told"), DRIFTED.values(), ids=list(DRIFTED))
def test_structure_does(recorded: Exchange, live: Exchange, told: list[str]) -> None:
    assert drift(recorded, live) == told


TOOLS = "start token* (usedTools | metadata)+ end"


@pytest.mark.parametrize(
    ("kinds", "ending", "told"),
    [
        ("start metadata end", Ending.CLEAN, []),
        ("start token token usedTools metadata end", Ending.CLEAN, []),
        (
            "start token end token token",
            Ending.CLEAN,
            [
                "contract: `end` came where it has `token`, `usedTools` or `metadata`",
                "contract: `token` came where it has nothing more",
            ],
        ),
        (
            "start metadata",
            Ending.CLEAN,
            ["contract: the stream is over where it has `usedTools`, `metadata` or `end`"],
        ),
        ("start metadata", Ending.TRUNCATED, ["ending: truncated, was clean"]),
    ],
)
@pytest.mark.parametrize("name", ["", "flowise"])
def test_a_contract_says_which_orders_are_legal(
    kinds: str, ending: Ending, told: list[str], name: str
) -> None:
    recorded = stream(*(f'{kind}=""' for kind in ["start", "token", "metadata", "end"]))
    live = stream(*(f'{kind}=""' for kind in kinds.split()), ending=ending)
    assert drift(recorded, live, Expectations(contracts={name: TOOLS, "openai": "other"})) == told


def test_what_is_nested_as_deep_as_can_be_is_compared_all_the_same() -> None:
    deep = answer(b"[" * 500 + b"]" * 500)
    assert drift(deep, deep) == []
