"""What a miss says, to the letter: for someone who has never heard of matching rules."""

# ruff: noqa: E501 - what a miss says is as long as it is

from __future__ import annotations

import json
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from sseproxy.errors import CassetteError
from sseproxy.exchange import Exchange, Request
from sseproxy.matching import Answers, Exhausted, Loaded, Rules
from sseproxy.matching.telling import lines, problem
from tests.core import build
from tests.matching.support import recorded

PATH = b"/api/v1/prediction/5f0c"


class Named(Loaded):
    """With names such as files have."""

    def name(self, number: int) -> str:
        return f"cassettes/{super().name(number)}.sse.jsonl"


def said(exchanges: list[Exchange], request: Request, rules: Rules = Rules(), **options: Any) -> str:  # noqa: B008
    answers = Answers(Named(exchanges), rules, **options)
    while answers.answer(request):
        pass
    return "\n".join(lines(answers.explain(request)))


def chat(question: str, target: bytes = PATH, method: str = "POST", **more: Any) -> Request:
    body = json.dumps({"question": question, "streaming": True, **more}).encode()
    return build.request(method, target, body)


CAPITALS = [
    recorded("france", 1, chat("What is the capital of France?")),
    recorded("spain", 2, chat("What is the capital of Spain?")),
    recorded("joke", 3, chat("Tell me a joke!")),
    recorded("streaming", 4, build.request("GET", b"/api/v1/chatflows-streaming/5f0c")),
]
HISTORY = [{"role": "userMessage", "content": f"{number}"} for number in range(5)]
LONG = "word " * 100
FORM = ((b"Content-Type", b"application/x-www-form-urlencoded"),)


MISSES: dict[str, tuple[str, str]] = {
    "another question": (
        said(CAPITALS, chat("What is the capital of Italy?")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/spain.sse.jsonl
             $.question
               recorded: "What is the capital of Spain?"
               asked:    "What is the capital of Italy?"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               2 other cassettes would then match as well
          2. cassettes/france.sse.jsonl
             $.question
               recorded: "What is the capital of France?"
               asked:    "What is the capital of Italy?"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               2 other cassettes would then match as well
          3. cassettes/joke.sse.jsonl
             $.question
               recorded: "Tell me a joke!"
               asked:    "What is the capital of Italy?"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               2 other cassettes would then match as well
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a name more": (
        said(CAPITALS[2:3], chat("Tell me a joke!", temperature=0.5)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.temperature
          1. cassettes/joke.sse.jsonl
             $.temperature
               recorded: (nothing)
               asked:    0.5
             to match it, add under [match] in sseproxy.toml: ignore = ["$.temperature"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "many values": (
        said(CAPITALS[2:3], chat("Tell me a joke!", history=HISTORY)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.history[0].role, $.history[0].content, $.history[1].role and 7 more
          1. cassettes/joke.sse.jsonl
             $.history[0].role
               recorded: (nothing)
               asked:    "userMessage"
             $.history[0].content
               recorded: (nothing)
               asked:    "0"
             $.history[1].role
               recorded: (nothing)
               asked:    "userMessage"
             $.history[1].content
               recorded: (nothing)
               asked:    "1"
             $.history[2].role
               recorded: (nothing)
               asked:    "userMessage"
             $.history[2].content
               recorded: (nothing)
               asked:    "2"
             and 4 more differences
             to match it, add under [match] in sseproxy.toml: ignore = ["$.history"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a letter in a long text": (
        said([recorded("long", 1, chat(LONG + "a" + LONG))], chat(LONG + "b" + LONG)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/long.sse.jsonl
             $.question
               recorded: …ord word word word word aword word word word word word word word word word word word word word word …
               asked:    …ord word word word word bword word word word word word word word word word word word word word word …
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "an id that would be folded is not told of": (
        said([recorded("one", 1, chat("Hi", chatId="a"))], chat("Ho", chatId="b")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/one.sse.jsonl
             $.question
               recorded: "Hi"
               asked:    "Ho"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "but with --strict it is": (
        said([recorded("one", 1, chat("Hi", chatId="a"))], chat("Hi", chatId="b"), strict=True),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.chatId
          1. cassettes/one.sse.jsonl
             $.chatId
               recorded: "a"
               asked:    "b"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.chatId"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another method": (
        said(CAPITALS[2:3], chat("Tell me a joke!", method="PUT")),
        """\
        no cassette answers PUT /api/v1/prediction/5f0c: it was recorded with POST only
          1. cassettes/joke.sse.jsonl
             method
               recorded: POST
               asked:    PUT
             no rule can make it match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "where values are left out": (
        said(CAPITALS[:1], chat("What is 17 and 3?"), Rules(values=(("$.question", "[0-9]+"),))),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/france.sse.jsonl
             $.question
               recorded: "What is the capital of France?"
               asked:    "What is … and …?"
             to match it, add under [match] in sseproxy.toml: ignore = ["$.question"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another path": (
        said(CAPITALS[2:], chat("Tell me a joke!", PATH[:-1] + b"d")),
        """\
        no cassette answers POST /api/v1/prediction/5f0d: its path was never recorded, the nearest is /api/v1/prediction/5f0c
          1. cassettes/joke.sse.jsonl
             path
               recorded: /api/v1/prediction/5f0c
               asked:    /api/v1/prediction/5f0d
             to match it, add under [match.values] in sseproxy.toml: path = '(?<=/prediction/)[^/]+'
               no other cassette would then match
          2. cassettes/streaming.sse.jsonl
             method
               recorded: GET
               asked:    POST
             path
               recorded: /api/v1/chatflows-streaming/5f0c
               asked:    /api/v1/prediction/5f0d
             $.question
               recorded: (nothing)
               asked:    "Tell me a joke!"
             $.streaming
               recorded: (nothing)
               asked:    true
             no rule can make it match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another query": (
        said([recorded("one", 1, build.request("GET", b"/a?x=1&ts=1"))], build.request("GET", b"/a?x=1&ts=2")),
        """\
        no cassette answers GET /a?x=1&ts=2: the nearest cassette differs in query.ts
          1. cassettes/one.sse.jsonl
             query.ts
               recorded: 1
               asked:    2
             to match it, add under [match] in sseproxy.toml: ignore = ["query.ts"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another header": (
        said(
            [recorded("one", 1, build.request("GET", b"/a", headers=((b"X-Tenant", b"a"),)))],
            build.request("GET", b"/a", headers=((b"X-Tenant", b"b"),)),
            Rules(headers=("X-Tenant",)),
        ),
        """\
        no cassette answers GET /a: the nearest cassette differs in header.x-tenant
          1. cassettes/one.sse.jsonl
             header.x-tenant
               recorded: a
               asked:    b
             to match it, take out of `headers` under [match] in sseproxy.toml: "x-tenant"
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another kind of body": (
        said(CAPITALS[2:3], build.request("POST", PATH, b"question=Hi", headers=FORM)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question, $.streaming, form.question
          1. cassettes/joke.sse.jsonl
             $.question
               recorded: "Tell me a joke!"
               asked:    (nothing)
             $.streaming
               recorded: true
               asked:    (nothing)
             form.question
               recorded: (nothing)
               asked:    Hi
             to match it, add under [match] in sseproxy.toml: ignore = ["body"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "other bytes": (
        said(
            [recorded("one", 1, build.request("POST", b"/a", b"\xff\x01"))],
            build.request("POST", b"/a", b"\xff\x02\x1b[31m"),
        ),
        """\
        no cassette answers POST /a: the nearest cassette differs in body
          1. cassettes/one.sse.jsonl
             body
               recorded: 2 bytes, SHA-256 437cb43a30226e639b33d84533cfc3ddd970a40055b9c8c0bf7e3795cf184eb6
               asked:    7 bytes, SHA-256 00de49a5bdc0069f822bd35e2005dcca03bef9c655cbd4275365f10330dd046e
             to match it, add under [match] in sseproxy.toml: ignore = ["body"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "nothing there": (
        said([], build.request("GET", b"/a")),
        """\
        no cassette answers GET /a: the library is empty
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "all answers given": (
        said(CAPITALS[2:3], chat("Tell me a joke!"), exhausted=Exhausted.MISS),
        "no cassette answers POST /api/v1/prediction/5f0c: its one answer has been given already (--exhausted miss)",
    ),
    "all of several answers given": (
        said(
            [CAPITALS[2], recorded("again", 9, chat("Tell me a joke!"))],
            chat("Tell me a joke!"),
            exhausted=Exhausted.MISS,
        ),
        "no cassette answers POST /api/v1/prediction/5f0c: its 2 answers have all been given already (--exhausted miss)",
    ),
    "a secret": (
        said(
            [recorded("one", 1, build.request("GET", b"/a?token=[redacted]&x=1"))],
            build.request("GET", b"/a?token=sk-secret&x=2"),
        ),
        """\
        no cassette answers GET /a?token=[redacted]&x=2: the nearest cassette differs in query.x
          1. cassettes/one.sse.jsonl
             query.x
               recorded: 1
               asked:    2
             to match it, add under [match] in sseproxy.toml: ignore = ["query.x"]
               no other cassette would then match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISSES.values(), ids=list(MISSES))
def test_a_miss_says(text: str, expected: str) -> None:
    assert text == dedent(expected)
    assert "secret" not in text


def test_the_rule_that_is_told_makes_it_match() -> None:
    request = chat("What is the capital of Italy?", history=HISTORY, chatId="x")
    answers = Answers(Named(CAPITALS))
    (first, *_) = answers.explain(request).nearest
    assert first.rule is not None
    loosened = Rules(ignore=first.rule.ignore)
    given = Answers(Named(CAPITALS), loosened).answer(request)
    assert given is not None
    assert first.merged == 2


def test_how_many_a_rule_merges_is_counted_up_to_a_bound() -> None:
    many = [recorded(f"{number:03}", number % 60, chat(f"Question {number}")) for number in range(250)]
    miss = Answers(Named(many)).explain(chat("Question 1000"))
    assert [(near.merged, near.at_least) for near in miss.nearest] == [(200, True)] * 3
    assert "at least 200 other cassettes would then match as well" in "\n".join(lines(miss))


def test_cassettes_of_one_request_are_told_once() -> None:
    thrice = [recorded(f"{number}", number, chat("Hi")) for number in range(3)]
    miss = Answers(Named([*thrice, CAPITALS[2]])).explain(chat("Ho"))
    assert [near.name for near in miss.nearest] == ["cassettes/2.sse.jsonl", "cassettes/joke.sse.jsonl"]
    assert miss.nearest[1].merged == 3


def test_a_cassette_that_has_gone_is_passed_over() -> None:
    class Going(Named):
        def request(self, number: int) -> Request:
            if number == 1:
                raise CassetteError("gone")
            return super().request(number)

    miss = Answers(Going(CAPITALS)).explain(chat("What is the capital of Italy?"))
    assert [near.name for near in miss.nearest] == [
        "cassettes/france.sse.jsonl",
        "cassettes/joke.sse.jsonl",
        "cassettes/streaming.sse.jsonl",
    ]


def test_a_miss_as_a_problem() -> None:
    miss = Answers(Named(CAPITALS[2:3])).explain(chat("Hi", chatId="x\u202e"))
    assert problem(miss, 599) == {
        "type": "urn:sseproxy:miss",
        "title": "No cassette answers this request",
        "status": 599,
        "detail": "no cassette answers POST /api/v1/prediction/5f0c:"
        " the nearest cassette differs in $.question, $.chatId",
        "nearest": [
            {
                "cassette": "cassettes/joke.sse.jsonl",
                "differences": [
                    {"place": "$.question", "recorded": '"Tell me a joke!"', "asked": '"Hi"'},
                    {"place": "$.chatId", "recorded": "(nothing)", "asked": '"x\\u202e"'},
                ],
                "to_match_it": 'add under [match] in sseproxy.toml: ignore = ["$.question", "$.chatId"]',
                "others_that_would_match_too": 0,
            }
        ],
        "to_record_it": "sseproxy record --record-mode new_episodes --upstream URL",
    }
    json.dumps(problem(Answers(Named([])).explain(replace(chat("Hi"), target=b"/\xff")), 404)).encode()
