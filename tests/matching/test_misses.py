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
from sseproxy.matching.answers import SHORT
from sseproxy.matching.telling import Log, lines, problem
from tests.core import build
from tests.matching.support import added, pasted, recorded

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
MULTIPART = ((b"Content-Type", b"multipart/form-data; boundary=x"),)


MISSES: dict[str, tuple[str, str]] = {
    "another question": (
        said(CAPITALS, chat("What is the capital of Italy?")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/spain.sse.jsonl (status 200)
             $.question
               recorded: "What is the capital of Spain?"
               asked:    "What is the capital of Italy?"
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             that would also make 2 other cassettes answer this request: better record it
          2. cassettes/france.sse.jsonl (status 200)
             $.question
               recorded: "What is the capital of France?"
               asked:    "What is the capital of Italy?"
             the rule that is told for 1 would make it match
          3. cassettes/joke.sse.jsonl (status 200)
             $.question
               recorded: "Tell me a joke!"
               asked:    "What is the capital of Italy?"
             the rule that is told for 1 would make it match
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a name more": (
        said(CAPITALS[2:3], chat("Tell me a joke!", temperature=0.5)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.temperature
          1. cassettes/joke.sse.jsonl (status 200)
             $.temperature
               recorded: (not there)
               asked:    0.5
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.temperature"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "many values": (
        said(CAPITALS[2:3], chat("Tell me a joke!", history=HISTORY)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.history[0].role, $.history[0].content, $.history[1].role and 7 more
          1. cassettes/joke.sse.jsonl (status 200)
             $.history[0].role
               recorded: (not there)
               asked:    "userMessage"
             $.history[0].content
               recorded: (not there)
               asked:    "0"
             $.history[1].role
               recorded: (not there)
               asked:    "userMessage"
             $.history[1].content
               recorded: (not there)
               asked:    "1"
             $.history[2].role
               recorded: (not there)
               asked:    "userMessage"
             $.history[2].content
               recorded: (not there)
               asked:    "2"
             and 4 more differences
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.history"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a letter in a long text": (
        said([recorded("long", 1, chat(LONG + "a" + LONG))], chat(LONG + "b" + LONG)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/long.sse.jsonl (status 200)
             $.question
               recorded: …ord word word word word aword word word word word word word word word word word word word word word …
               asked:    …ord word word word word bword word word word word word word word word word word word word word word …
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "an id that would be folded is not told of": (
        said([recorded("one", 1, chat("Hi", chatId="a"))], chat("Ho", chatId="b")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/one.sse.jsonl (status 200)
             $.question
               recorded: "Hi"
               asked:    "Ho"
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "but with --strict it is": (
        said([recorded("one", 1, chat("Hi", chatId="a"))], chat("Hi", chatId="b"), strict=True),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.chatId (without --strict it would answer)
          1. cassettes/one.sse.jsonl (status 200)
             $.chatId
               recorded: "a"
               asked:    "b"
             without --strict it would answer, for ids may differ then: prediction $.chatId
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.chatId"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another method": (
        said(CAPITALS[2:3], chat("Tell me a joke!", method="PUT")),
        """\
        no cassette answers PUT /api/v1/prediction/5f0c: its path was recorded with POST only
          1. cassettes/joke.sse.jsonl (status 200)
             method
               recorded: POST
               asked:    PUT
             no rule is proposed to make it match: the method always counts
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "where values are left out": (
        said(CAPITALS[:1], chat("What is 17 and 3?"), Rules(values=(("$.question", "[0-9]+"),))),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/france.sse.jsonl (status 200)
             $.question
               recorded: "What is the capital of France?"
               asked:    "What is … and …?"
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another path": (
        said(CAPITALS[2:], chat("Tell me a joke!", PATH[:-1] + b"d")),
        """\
        no cassette answers POST /api/v1/prediction/5f0d: its path was never recorded, the nearest is /api/v1/prediction/5f0c
          1. cassettes/joke.sse.jsonl (status 200)
             path
               recorded: /api/v1/prediction/5f0c
               asked:    /api/v1/prediction/5f0d
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/*"
               values = { path = "(?<=/prediction/)[^/]+" }
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another query": (
        said([recorded("one", 1, build.request("GET", b"/a?x=1&ts=1"))], build.request("GET", b"/a?x=1&ts=2")),
        """\
        no cassette answers GET /a?x=1&ts=2: the nearest cassette differs in query.ts
          1. cassettes/one.sse.jsonl (status 200)
             query.ts
               recorded: 1
               asked:    2
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a"
               ignore = ["query.ts"]
             no other cassette would answer this request then
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
          1. cassettes/one.sse.jsonl (status 200)
             header.x-tenant
               recorded: a
               asked:    b
             to make it match, take "x-tenant" out of the `headers` of your rules in sseproxy.toml
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "another header and another query": (
        said(
            [recorded("one", 1, build.request("GET", b"/a?ts=1", headers=((b"X-Tenant", b"a"),)))],
            build.request("GET", b"/a?ts=2", headers=((b"X-Tenant", b"b"),)),
            Rules(headers=("X-Tenant",)),
        ),
        """\
        no cassette answers GET /a?ts=2: the nearest cassette differs in query.ts, header.x-tenant
          1. cassettes/one.sse.jsonl (status 200)
             query.ts
               recorded: 1
               asked:    2
             header.x-tenant
               recorded: a
               asked:    b
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a"
               ignore = ["query.ts"]
             and take "x-tenant" out of the `headers` of your rules in sseproxy.toml
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a form where JSON was recorded": (
        said(CAPITALS[2:3], build.request("POST", PATH, b"question=Hi", headers=FORM)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: it has a form, the nearest cassette a JSON body
          1. cassettes/joke.sse.jsonl (status 200)
             body
               recorded: a JSON body: {"question": "Tell me a joke!", "streaming": true}
               asked:    a form: question=Hi
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "broken JSON": (
        said(CAPITALS[2:3], build.request("POST", PATH, b'{"question": "Tell me a joke!"')),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: it has broken JSON (character 31: expecting ',' delimiter), the nearest cassette a JSON body
          1. cassettes/joke.sse.jsonl (status 200)
             body
               recorded: a JSON body: {"question": "Tell me a joke!", "streaming": true}
               asked:    broken JSON (character 31: expecting ',' delimiter): {"question": "Tell me a joke!"
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "no body": (
        said(CAPITALS[2:3], build.request("POST", PATH)),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: it has no body, the nearest cassette a JSON body
          1. cassettes/joke.sse.jsonl (status 200)
             body
               recorded: a JSON body: {"question": "Tell me a joke!", "streaming": true}
               asked:    no body
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a form without its Content-Type": (
        said(
            [recorded("one", 1, build.request("POST", b"/a", b"a=1", headers=FORM))],
            build.request("POST", b"/a", b"a=1"),
        ),
        """\
        no cassette answers POST /a: it has a plain body (no Content-Type), the nearest cassette a form
          1. cassettes/one.sse.jsonl (status 200)
             body
               recorded: a form: a=1
               asked:    a plain body (no Content-Type): a=1
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /a"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a multipart body without its boundary": (
        said(
            [recorded("one", 1, build.request("POST", b"/a", b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nHi\r\n--x--', headers=MULTIPART))],
            build.request("POST", b"/a", b"--y--", headers=MULTIPART),
        ),
        """\
        no cassette answers POST /a: it has a multipart body without the boundary that its Content-Type names, the nearest cassette a multipart body
          1. cassettes/one.sse.jsonl (status 200)
             body
               recorded: a multipart body: --x\\r\\nContent-Disposition: form-data; name="q"\\r\\n\\r\\nHi\\r\\n--x--
               asked:    a multipart body without the boundary that its Content-Type names: --y--
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /a"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a body in a coding that is not known": (
        said(
            CAPITALS[2:3],
            build.request("POST", PATH, b"\x01\xff", headers=((b"Content-Encoding", b"lzma"),)),
        ),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: it has a body that can't be decoded (Content-Encoding: lzma), the nearest cassette a JSON body
          1. cassettes/joke.sse.jsonl (status 200)
             body
               recorded: a JSON body: {"question": "Tell me a joke!", "streaming": true}
               asked:    a body that can't be decoded (Content-Encoding: lzma): \\u0001\\xff
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "an id that only the request has": (
        said(CAPITALS[2:3], chat("Tell me a joke!", chatId="b")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.chatId
          1. cassettes/joke.sse.jsonl (status 200)
             $.chatId
               recorded: (not there)
               asked:    "b"
               (any other id would do here, but there has to be one on both sides or on none)
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.chatId"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a value that was masked": (
        said(
            [recorded("one", 1, build.request("GET", b"/a?token=[redacted]&voice=[redacted]"))],
            build.request("GET", b"/a?token=sk-secret&voice=alloy"),
        ),
        """\
        no cassette answers GET /a?token=[redacted]&voice=alloy: the nearest cassette differs in query.voice
          1. cassettes/one.sse.jsonl (status 200)
             query.voice
               recorded: [redacted]
               asked:    alloy
               (the recorded one was a secret and is masked: only another secret can equal it)
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a"
               ignore = ["query.voice"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a value that is masked": (
        said(
            [recorded("one", 1, chat("My key is sk-none"))],
            chat("My key is sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7secretsecret"),
        ),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question
          1. cassettes/one.sse.jsonl (status 200)
             $.question
               recorded: "My key is sk-none"
               asked:    "My key is sk-[redacted]"
               (the one asked is a secret and is masked: only a recorded secret can equal it)
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "paths with little in common": (
        said(CAPITALS[3:], build.request("GET", b"/api/v1/chatflows/5f0c/streaming")),
        """\
        no cassette answers GET /api/v1/chatflows/5f0c/streaming: its path was never recorded, the nearest is /api/v1/chatflows-streaming/5f0c
          1. cassettes/streaming.sse.jsonl (status 200)
             path
               recorded: /api/v1/chatflows-streaming/5f0c
               asked:    /api/v1/chatflows/5f0c/streaming
             no rule is proposed to make it match: the paths have too little in common
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "paths that differ in a slash": (
        said([recorded("one", 1, build.request("GET", b"/a/b/"))], build.request("GET", b"/a/b")),
        """\
        no cassette answers GET /a/b: its path was never recorded, the nearest is /a/b/
          1. cassettes/one.sse.jsonl (status 200)
             path
               recorded: /a/b/
               asked:    /a/b
             no rule is proposed to make it match: the paths differ in the slash at the end alone, which counts
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "paths that differ in capitals": (
        said([recorded("one", 1, build.request("GET", b"/Api/Ping"))], build.request("GET", b"/api/ping")),
        """\
        no cassette answers GET /api/ping: its path was never recorded, the nearest is /Api/Ping
          1. cassettes/one.sse.jsonl (status 200)
             path
               recorded: /Api/Ping
               asked:    /api/ping
             no rule is proposed to make it match: the paths differ in capitals alone, which count
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a repeated name": (
        said(
            [recorded("one", 1, build.request("GET", b"/a?b=1&b=3"))], build.request("GET", b"/a?b=1&b&b=")
        ),
        """\
        no cassette answers GET /a?b=1&b&b=: the nearest cassette differs in query.b
          1. cassettes/one.sse.jsonl (status 200)
             query.b
               recorded: 1, 3 (2 values)
               asked:    (empty), (empty), 1 (3 values)
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a"
               ignore = ["query.b"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a list for an object": (
        said(
            [recorded("one", 1, build.request("POST", b"/a", b"[1,2,3]"))],
            build.request("POST", b"/a", b'{"0":1}'),
        ),
        """\
        no cassette answers POST /a: the nearest cassette differs in $
          1. cassettes/one.sse.jsonl (status 200)
             $
               recorded: a list […]
               asked:    an object {…}
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /a"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a credential that is compared": (
        said(
            [
                recorded(
                    "one",
                    1,
                    build.request("GET", b"/a", headers=((b"X-Api-Key", b"[redacted]"), (b"Accept", b"*/*"))),
                )
            ],
            build.request("GET", b"/a", headers=((b"X-Api-Key", b"my-very-own-1"), (b"Accept", b"text/html"))),
            Rules(headers=("X-Api-Key", "Accept")),
        ),
        """\
        no cassette answers GET /a: the nearest cassette differs in header.accept
          1. cassettes/one.sse.jsonl (status 200)
             header.accept
               recorded: */*
               asked:    text/html
             to make it match, take "accept" out of the `headers` of your rules in sseproxy.toml
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a credential where there was none": (
        said(
            [recorded("one", 1, build.request("GET", b"/a"))],
            build.request("GET", b"/a", headers=((b"X-Api-Key", b"my-very-own-1"),)),
            Rules(headers=("X-Api-Key",)),
        ),
        """\
        no cassette answers GET /a: the nearest cassette differs in header.x-api-key
          1. cassettes/one.sse.jsonl (status 200)
             header.x-api-key
               recorded: (not there)
               asked:    [redacted]
             to make it match, take "x-api-key" out of the `headers` of your rules in sseproxy.toml
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "a name that is not UTF-8": (
        said([recorded("one", 1, build.request("GET", b"/a?\xff=1"))], build.request("GET", b"/a?\xff=2")),
        """\
        no cassette answers GET /a?\\xff=2: the nearest cassette differs in query.\\udcff
          1. cassettes/one.sse.jsonl (status 200)
             query.\\udcff
               recorded: 1
               asked:    2
             no rule is proposed to make it match: it would have to name what is not UTF-8
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "odd letters": (
        said(
            [recorded("one", 1, build.request("GET", b"/a/[x]/1?a%20b%5C=1"))],
            build.request("GET", b"/a/[x]/2?a%20b%5C=2"),
        ),
        """\
        no cassette answers GET /a/[x]/2?a%20b%5C=2: its path was never recorded, the nearest is /a/[x]/1
          1. cassettes/one.sse.jsonl (status 200)
             path
               recorded: /a/[x]/1
               asked:    /a/[x]/2
             query.a%20b%5C
               recorded: 1
               asked:    2
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a/[[]x]/*"
               ignore = ["query.a%20b%5C"]
               values = { path = '(?<=/\\[x\\]/)[^/]+' }
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "only requests that were cut off": (
        said([build.exchange(request=replace(chat("Hi"), complete=False))], chat("Ho")),
        """\
        no cassette answers POST /api/v1/prediction/5f0c: none has a whole request to compare it with
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "other bytes": (
        said(
            [recorded("one", 1, build.request("POST", b"/a", b"\xff\x01"))],
            build.request("POST", b"/a", b"\xff\x02\x1b[31m"),
        ),
        """\
        no cassette answers POST /a: the nearest cassette differs in body
          1. cassettes/one.sse.jsonl (status 200)
             body
               recorded: 2 bytes, SHA-256 437cb43a30226e639b33d84533cfc3ddd970a40055b9c8c0bf7e3795cf184eb6
               asked:    7 bytes, SHA-256 00de49a5bdc0069f822bd35e2005dcca03bef9c655cbd4275365f10330dd046e
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /a"
               ignore = ["body"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "nothing there": (
        said([], build.request("GET", b"/a")),
        """\
        no cassette answers GET /a: there are no cassettes
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
    "all answers given": (
        said(CAPITALS[2:3], chat("Tell me a joke!"), exhausted=Exhausted.MISS),
        "no cassette answers POST /api/v1/prediction/5f0c: its one answer has been given already (without --exhausted miss the last one would come again)",
    ),
    "all of several answers given": (
        said(
            [CAPITALS[2], recorded("again", 9, chat("Tell me a joke!"))],
            chat("Tell me a joke!"),
            exhausted=Exhausted.MISS,
        ),
        "no cassette answers POST /api/v1/prediction/5f0c: its 2 answers have all been given already (without --exhausted miss the last one would come again)",
    ),
    "a secret": (
        said(
            [recorded("one", 1, build.request("GET", b"/a?token=[redacted]&x=1"))],
            build.request("GET", b"/a?token=sk-secret&x=2"),
        ),
        """\
        no cassette answers GET /a?token=[redacted]&x=2: the nearest cassette differs in query.x
          1. cassettes/one.sse.jsonl (status 200)
             query.x
               recorded: 1
               asked:    2
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "GET /a"
               ignore = ["query.x"]
             no other cassette would answer this request then
          to record this request: sseproxy record --record-mode new_episodes --upstream URL""",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISSES.values(), ids=list(MISSES))
def test_a_miss_says(text: str, expected: str) -> None:
    assert text == dedent(expected)
    assert "sk-secret" not in text
    assert "aB3dE6gH9" not in text


BEFORE = '[match]\nignore = ["query.v"]\n[match.values]\npath = "[0-9]"\n'


@pytest.mark.parametrize("before", ["", BEFORE], ids=["a new file", "behind other rules"])
def test_the_rule_that_is_told_can_be_pasted_and_makes_it_match(before: str) -> None:
    odd: dict[str, Any] = {"it's": 1, 'a "b"\u202e\\': 2}
    requests = [
        chat("What is the capital of Italy?", history=HISTORY, chatId="x"),
        chat("Tell me a joke!", PATH[:-4] + b"77aa?ts=1", **odd),
        build.request("POST", PATH, b"{"),
    ]
    for request in requests:
        answers = Answers(Named(CAPITALS), pasted(before))
        assert answers.answer(request) is None
        miss = answers.explain(request)
        assert Answers(Named(CAPITALS), pasted(before, *lines(miss))).answer(request) is not None
        before += "".join(f"{line}\n" for line in added(*lines(miss)))  # rule stands behind rule
    assert all(Answers(Named(CAPITALS), pasted(before)).answer(request) for request in requests)


def test_how_many_a_rule_merges_is_counted_up_to_a_bound() -> None:
    many = [recorded(f"{number:03}", number % 60, chat(f"Question {number}")) for number in range(250)]
    miss = Answers(Named(many)).explain(chat("Question 1000"))
    assert [(near.merged, near.at_least) for near in miss.nearest] == [(200, True)] * 3
    assert "that would also make at least 200 other cassettes answer this request" in "\n".join(lines(miss))


def test_cassettes_of_one_request_are_told_once() -> None:
    thrice = [recorded(f"{number}", number, chat("Hi")) for number in range(3)]
    miss = Answers(Named([*thrice, CAPITALS[2]])).explain(chat("Ho"))
    assert [near.name for near in miss.nearest] == ["cassettes/2.sse.jsonl", "cassettes/joke.sse.jsonl"]
    assert miss.nearest[1].merged == 3


@pytest.mark.parametrize(("size", "times"), [(10, 1), (SHORT, 3)], ids=["short: once", "long: each time"])
def test_who_tries_again_is_told_the_same_without_another_look(size: int, times: int) -> None:
    read: list[int] = []

    class Counting(Named):
        def request(self, number: int) -> Request:
            read.append(number)
            return super().request(number)

    answers = Answers(Counting(CAPITALS))
    told = [answers.explain(chat("x" * size)) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert len(read) == times * len(CAPITALS)


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
    ]


def test_a_log_tells_of_the_nearest_alone_and_of_the_same_miss_in_a_line() -> None:
    answers, log = Answers(Named(CAPITALS)), Log("how to record")
    italy, peru = (answers.explain(chat(f"What is the capital of {land}?")) for land in ("Italy", "Peru"))
    assert log.told(italy) == dedent("""\
        no cassette answers POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question [miss 1]
          1. cassettes/spain.sse.jsonl (status 200)
             $.question
               recorded: "What is the capital of Spain?"
               asked:    "What is the capital of Italy?"
             to make it match, add to sseproxy.toml:
               [[match.route]]
               for = "POST /api/v1/prediction/5f0c"
               ignore = ["$.question"]
             mind that it ignores what the model is asked: any other question would get this answer, too
             that would also make 2 other cassettes answer this request: better record it
          (the answer's body tells of 2 others)
          to record this request: how to record""")
    sentence = next(lines(peru))
    assert log.told(peru).startswith(f"{sentence} [miss 2]\n")
    assert log.told(italy) == f"{sentence} [miss 1 again, 2 times by now]"
    assert log.told(italy) == f"{sentence} [miss 1 again, 3 times by now]"
    assert log.told(peru) == f"{sentence} [miss 2 again, 2 times by now]"


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
                "status": 200,
                "differences": [
                    {"place": "$.question", "recorded": '"Tell me a joke!"', "asked": '"Hi"'},
                    {
                        "place": "$.chatId",
                        "recorded": "(not there)",
                        "asked": '"x\\u202e"',
                        "note": "any other id would do here, but there has to be one on both sides or on none",
                    },
                ],
                "to_make_it_match": [
                    "to make it match, add to sseproxy.toml:",
                    "  [[match.route]]",
                    '  for = "POST /api/v1/prediction/5f0c"',
                    '  ignore = ["$.question", "$.chatId"]',
                    "mind that it ignores what the model is asked: any other question would get this answer, too",
                    "no other cassette would answer this request then",
                ],
                "others_that_would_answer_too": 0,
            }
        ],
        "to_record_it": "sseproxy record --record-mode new_episodes --upstream URL",
    }
    json.dumps(problem(Answers(Named([])).explain(replace(chat("Hi"), target=b"/\xff")), 404)).encode()
