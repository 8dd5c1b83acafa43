"""Scripts to bytes, request bodies to questions: exact, no socket."""

from __future__ import annotations

import pytest

from sseproxy.demo.flows import COMMENT, FLOWS, Ending, Script, Step
from sseproxy.demo.wire import Ask, Dialect, Write, encode, read_ask, whole_answer, writes


@pytest.mark.parametrize(
    ("step", "envelope", "named"),
    [
        (
            Step(0, "token", "Once upon a time..."),
            'message:\ndata:{"event":"token","data":"Once upon a time..."}\n\n',
            "event: token\ndata: Once upon a time...\n\n",
        ),
        (
            Step(0, "token", " café\u2028\n🚀"),
            'message:\ndata:{"event":"token","data":" café\u2028\\n🚀"}\n\n',
            "event: token\ndata:  café\u2028\ndata: 🚀\n\n",
        ),
        (
            Step(0, "usedTools", [{"tool": "t", "toolInput": {}}]),
            'message:\ndata:{"event":"usedTools","data":[{"tool":"t","toolInput":{}}]}\n\n',
            'event: usedTools\ndata: [{"tool":"t","toolInput":{}}]\n\n',
        ),
        (Step(0, COMMENT, "heartbeat"), ":heartbeat\n\n", ":heartbeat\n\n"),
    ],
)
def test_encode(step: Step, envelope: str, named: str) -> None:
    assert encode(step, Dialect.ENVELOPE) == envelope.encode()
    assert encode(step, Dialect.NAMED) == named.encode()


def test_steps_without_delay_share_a_write_and_due_times_add_up() -> None:
    script = Script(5, (Step(10, "a", ""), Step(20, "b", ""), Step(0, "c", ""), Step(1, "d", "")))
    assert writes(script, Dialect.NAMED) == [
        Write(10, b"event: a\ndata: \n\n"),
        Write(30, b"event: b\ndata: \n\nevent: c\ndata: \n\n"),
        Write(31, b"event: d\ndata: \n\n"),
    ]


def test_cut_sends_half_of_the_last_event() -> None:
    script = Script(5, (Step(10, "a", ""), Step(0, "b", "")), Ending.CUT)
    assert writes(script, Dialect.NAMED) == [Write(10, b"event: a\ndata: \n\nevent: b")]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("flow", FLOWS)
def test_due_times_rise_and_come_after_the_head(flow: str, dialect: Dialect) -> None:
    for seed in range(10):
        script = FLOWS[flow]("Hi", seed, None)
        due = [write.due for write in writes(script, dialect)]
        assert script.head < due[0]
        assert due == sorted(set(due))


@pytest.mark.parametrize(
    ("body", "ask"),
    [
        (b"{}", Ask("", False, None)),
        (b'{"question":"Hi","streaming":true}', Ask("Hi", True, None)),
        (b'{"question":"Hi","streaming":"true"}', Ask("Hi", True, None)),
        (b'{"question":"Hi","streaming":false}', Ask("Hi", False, None)),
        (b'{"question":"Hi","streaming":1}', Ask("Hi", False, None)),
        (b'{"question":"Hi","chatId":null}', Ask("Hi", False, None)),
        (b'{"question":"Hi","chatId":"c"}', Ask("Hi", False, "c")),
        (rb'{"question":"\ud83d\ude80 \ud83d"}', Ask("🚀 \ufffd", False, None)),
    ],
)
def test_read_ask(body: bytes, ask: Ask) -> None:
    assert read_ask(body) == ask


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xff", "is not JSON"),
        (b"[" * 200_000, "too many levels"),
        (b"[]", "must be a JSON object"),
        (b'{"question":["Hi"]}', '"question" must be a string'),
        (b'{"chatId":1}', '"chatId" must be a string or null'),
    ],
)
def test_read_ask_says_what_is_wrong(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_ask(body)


@pytest.mark.parametrize(
    ("flow", "keys"),
    [
        ("conversation", "text question chatId chatMessageId isStreamValid sessionId memoryType"),
        ("tools", "text usedTools question chatId chatMessageId isStreamValid sessionId memoryType"),
        ("retrieval", "text sourceDocuments question chatId chatMessageId isStreamValid sessionId"),
        ("agent", "text usedTools question chatId chatMessageId isStreamValid sessionId"),
        ("slow", "text question chatId chatMessageId isStreamValid sessionId memoryType"),
        ("plain", "text question chatId chatMessageId isStreamValid sessionId memoryType"),
    ],
)
def test_whole_answer(flow: str, keys: str) -> None:
    script = FLOWS[flow]("Hi", 0, None)
    status, answer = whole_answer(script)
    assert status == 200
    assert list(answer) == keys.split()
    assert answer["text"] == "".join(str(step.data) for step in script.steps if step.kind == "token")


@pytest.mark.parametrize("flow", ["error", "midfail"])
def test_whole_answer_of_a_failure(flow: str) -> None:
    status, answer = whole_answer(FLOWS[flow]("Hi", 0, None))
    assert status == 500
    assert list(answer) == ["statusCode", "success", "message", "stack"]
