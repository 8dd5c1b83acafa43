"""How a change is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sseproxy.analysis.diff import Change, Heading, diff, pair, plain
from sseproxy.analysis.story import Story, read_story
from sseproxy.exchange import Arrival, Exchange, Request
from tests.cli.builder import stream
from tests.core import build
from tests.export.support import captured
from tests.support.predictions import event, prediction, tokens

META = event("metadata", {"chatId": "chat-1", "memoryType": "Buffer"})
TOOLS = event("usedTools", [{"tool": "calculator", "toolInput": {"input": "6*7"}, "toolOutput": "42"}])
END = event("end", "[DONE]")


def said(*words: str, behind: Sequence[bytes] = (META, END), every: int = 20) -> Exchange:
    """A start, these tokens, and then these events, each 20 ms after the one before."""
    whole = [event("start", ""), *(event("token", word) for word in words), *behind]
    return prediction([(20 + every * number, data) for number, data in enumerate(whole)])


A = said("Hal", "lo", " you")

CHANGES: dict[str, tuple[Exchange, Exchange, Heading, list[tuple[str, str | None, str | None]]]] = {
    "another text": (
        A,
        said("Hal", "lo", " we"),
        Heading.CONTENT,
        [("text of token", "Hallo you", "Hallo we")],
    ),
    "a member of JSON by its path": (
        said("x", behind=[TOOLS, META, END]),
        said("x", behind=[TOOLS.replace(b"6*7", b"6*8").replace(b"42", b"48"), META, END]),
        Heading.CONTENT,
        [
            ("#3 usedTools $.data[0].toolInput.input", '"6*7"', '"6*8"'),
            ("#3 usedTools $.data[0].toolOutput", '"42"', '"48"'),
        ],
    ),
    "a member more": (
        said("x"),
        said("x", behind=[META.replace(b'"memoryType"', b'"action":null,"memoryType"'), END]),
        Heading.CONTENT,
        [("#3 metadata $.data.action", None, "null")],
    ),
    "an id used twice where there were two": (
        said("x", behind=[event("metadata", {"chatId": "chat-1", "sessionId": "chat-1"}), END]),
        said("x", behind=[event("metadata", {"chatId": "chat-1", "sessionId": "chat-2"}), END]),
        Heading.CONTENT,
        [("#3 metadata $.data.sessionId", '"⟨chat⟩"', '"⟨session⟩"')],
    ),
    "the end before the last token": (
        said("Hal", "lo", behind=[END]),
        said("Hal", behind=[END, event("token", "lo")]),
        Heading.ORDER,
        [("token “lo”", "#3, after #2 token", "#4, after #3 end")],
    ),
    "the first event last": (
        said("x"),
        prediction([(20, event("token", "x")), (40, META), (60, END), (80, event("start", ""))]),
        Heading.ORDER,
        [("start", "#1, first", "#4, after #3 end")],
    ),
    "tokens at one more place": (
        said("a", "b", behind=[TOOLS, END]),
        said("a", behind=[TOOLS, event("token", "b"), event("token", "c"), END]),
        Heading.ORDER,
        [("token", None, "#4, after #3 usedTools")],
    ),
    "slower": (
        A,
        said("Hal", "lo", " you", every=40),
        Heading.TIMING,
        [
            ("gap p50", "0.020 s", "0.040 s"),
            ("gap p90", "0.020 s", "0.040 s"),
            ("gap p99", "0.020 s", "0.040 s"),
            ("gap max", "0.020 s", "0.040 s"),
            ("first token", "0.040 s", "0.060 s"),
            ("end", "0.120 s", "0.220 s"),
        ],
    ),
    "a stall": (
        prediction([*tokens(20, *"abcdefgh"), (180, END)]),
        prediction([*tokens(20, *"abcdefg"), *tokens(3_140, "h"), (3_160, END)]),
        Heading.TIMING,
        [("stall before #8", None, "3.000 s")],
    ),
    "a heartbeat": (
        prediction([*tokens(20, "a", "b"), (60, END)]),
        prediction([*tokens(20, "a"), (30, b":heartbeat\n\n"), *tokens(40, "b"), (60, END)]),
        Heading.TIMING,
        [("heartbeats", "0", "1")],
    ),
    "the same text in other pieces": (
        A,
        replace(A, arrivals=(A.arrivals[0], Arrival(60_000, event("token", "Hallo you")), *A.arrivals[4:])),
        Heading.WIRE,
        [("events of token for the same text", "3", "1")],
    ),
    "the documented form": (
        prediction([(20, event("token", "x")), (40, END)]),
        prediction([(20, b"event: token\ndata: x\n\n"), (40, b"event: end\ndata: [DONE]\n\n")]),
        Heading.WIRE,
        [("dialect", "flowise", "flowise-named")],
    ),
    "a read cut in two": (
        stream(b"data: a\n\n"),
        replace(stream(b"data: a\n\n"), arrivals=(Arrival(10_000, b"data"), Arrival(10_000, b": a\n\n"))),
        Heading.WIRE,
        [("read boundaries", "1 read, none ends behind byte 4", "2 reads, one ends behind byte 4")],
    ),
    "all in one read: something on the way holds it back": (
        A,
        replace(said("Hal", "lo", " we"), arrivals=(Arrival(120_000, said("Hal", "lo", " we").body),)),
        Heading.WIRE,
        [("events a read", "1.00", "6.00")],
    ),
    "line ends": (
        stream(b"data: a\n\n"),
        stream(b"data: a\r\n\r\n"),
        Heading.WIRE,
        [("form of lines", r"\n  data: ...\n", r"\r  data: ...\r\n")],
    ),
    "a trailer of the request": (
        stream(),
        replace(stream(), request=replace(build.request(), trailers=((b"X-Sum", b"1"),))),
        Heading.WIRE,
        [("request trailer X-Sum", None, "X-Sum: 1")],
    ),
    "a header": (
        A,
        replace(
            A, response=replace(build.response(), t=9_000, headers=(*build.EVENT_STREAM, (b"X-A", b"1")))
        ),
        Heading.WIRE,
        [("header X-A", None, "X-A: 1")],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_told(what: str) -> None:
    was, now, heading, expected = CHANGES[what]
    found = diff(read_story(was), read_story(now)).changes[heading]
    assert {Change(*each) for each in expected} <= set(found)


def test_json_that_is_nested_to_break_something_is_text() -> None:
    nested = event("usedTools", 0).replace(b"0", b"[" * 900 + b"1" + b"]" * 900)
    deep = [prediction([(20, data)]) for data in (nested, nested.replace(b"1", b"2"))]
    found = diff(*map(read_story, deep))
    assert found.headings == [Heading.CONTENT]
    assert list(plain(read_story(deep[0])))


FRESH = [(b"Date", b"today"), (b"X-Request-Id", b"1"), (b"Openai-Processing-Ms", b"7")]


def test_fields_that_are_fresh_in_each_response_are_there_or_not() -> None:
    def with_fields(values: str, names: int) -> Exchange:
        fields = tuple((name, values.encode()) for name, _ in FRESH[:names])
        return replace(stream(), response=build.response((*build.EVENT_STREAM, *fields)))

    same = diff(read_story(with_fields("one", 3)), read_story(with_fields("two", 3)))
    assert same.headings == []
    fewer = diff(read_story(with_fields("one", 3)), read_story(with_fields("two", 2)))
    (change,) = fewer.changes[Heading.WIRE]
    assert change.what == "header Openai-Processing-Ms"


def test_a_flow_in_the_path_is_no_fresh_id() -> None:
    was, now = captured()["conversation"], captured()["toolagent"]
    (change,) = [
        each
        for each in diff(read_story(was), read_story(now)).changes[Heading.CONTENT]
        if each.what == "request target"
    ]
    assert change.was != change.now


def asked(id: str, body: bytes, target: bytes = b"/a") -> Exchange:
    return build.exchange(head=build.head(id), request=Request("POST", target, "1.1", (), body))


def side(*values: Exchange) -> list[tuple[str, Story]]:
    return [(value.head.id, read_story(value)) for value in values]


def test_folders_are_compared_by_request_in_order() -> None:
    was = side(asked("1", b'{"q":1}'), asked("2", b'{"q":2}'), asked("3", b'{"q":1}'), asked("4", b"4"))
    now = side(
        *(asked("5", b'{"q":2}'), asked("6", b'{ "q": 1 }'), asked("7", b'{"q":1}'), asked("8", b"", b"/b"))
    )
    pairs = pair(was, now)
    assert [(one[0], other[0]) for one, other in pairs.both] == [("1", "6"), ("2", "5"), ("3", "7")]
    assert ([name for name, _ in pairs.only_was], [name for name, _ in pairs.only_now]) == (["4"], ["8"])


def test_a_fresh_chat_in_a_request_is_the_same_request() -> None:
    one, other = (asked(id, b'{"q":1,"chatId":"chat-%b"}' % id.encode()) for id in ("1", "2"))
    pairs = pair([("a", read_story(one))], [("b", read_story(other))])
    assert len(pairs.both) == 1


def test_the_text_of_a_cassette_has_no_times_and_no_fresh_ids() -> None:
    assert list(plain(read_story(said("Hal", "lo")))) == [
        "POST /api/v1/prediction/5f0c",
        "Content-Type: application/json",
        "",
        '{"question":"Hi","streaming":true}',
        "",
        "200 OK",
        "Content-Type: text/event-stream",
        "Transfer-Encoding: chunked",
        "",
        'start {"event":"start","data":""}',
        'token {"event":"token","data":"Hal"}',
        'token {"event":"token","data":"lo"}',
        'metadata {"event":"metadata","data":{"chatId":"⟨chat⟩","memoryType":"Buffer"}}',
        'end {"event":"end","data":"[DONE]"}',
        "(clean)",
    ]
