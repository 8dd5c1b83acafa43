"""Real requests, changed: what is fresh in each run must not matter, and what changes the meaning must.

The requests are those of the captures: of a client of the documentation, and of the Python library. Both
suites ask the default rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Request
from sseproxy.matching import Answer, Answers, Loaded
from tests.core import build
from tests.matching.support import recorded

CASSETTES = Path(__file__).parents[2] / "cassettes" / "captures"
REAL = {
    path.name.removesuffix(".sse.jsonl"): exchange.request
    for path in find([CASSETTES])
    if (exchange := load(path)).request
}
PREDICTIONS = {name: request for name, request in REAL.items() if request.method == "POST"}
FLOW = b"/api/v1/prediction/11404e8d-a0d8-441b-97ed-3c09b717c1d0"
PYTHON_LIBRARY = build.request(
    "POST",
    FLOW,
    b'{"chatflowId": "11404e8d-a0d8-441b-97ed-3c09b717c1d0", "question": "What is the capital of France?",'
    b' "overrideConfig": null, "chatId": null, "streaming": true, "history": [], "uploads": []}',
    headers=((b"User-Agent", b"python-requests/2.34.2"), (b"Content-Type", b"application/json")),
)
"""As sdk_tee of the captures has it."""
OPENAI = build.request(
    "POST",
    b"/openai/v1/chat/completions",
    b'{"model":"gpt-5","stream":true,"user":"u-1","messages":[{"role":"user","content":"Hi"}]}',
)
ANTHROPIC = build.request(
    "POST",
    b"/v1/messages",
    b'{"model":"claude","stream":true,"metadata":{"user_id":"u-1"},"messages":[{"role":"user","content":"Hi"}]}',
)


def ask(recording: Request, request: Request, **options: Any) -> Answer | None:
    return Answers(Loaded([recorded("1", 1, recording)]), **options).answer(request)


def having(request: Request, **members: Any) -> Request:
    """The request with these members in its body."""
    return replace(request, body=json.dumps({**json.loads(request.body), **members}).encode())


def lacking(request: Request, name: str) -> Request:
    body = json.loads(request.body)
    del body[name]
    return replace(request, body=json.dumps(body).encode())


ONE, OTHER = "5f0c8e1a-7a0f-4c1e-9b52-0d3c2a1b4e5f", "c0ffee00-1d2e-4f3a-8b4c-5d6e7f809101"


def uploaded(boundary: bytes, chat: str, question: str = "Hi") -> Request:
    fields = {"question": question, "chatId": chat, "streaming": "true"}
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (boundary, name.encode(), value.encode())
        for name, value in fields.items()
    ]
    body = b"".join(parts) + b"--" + boundary + b"--\r\n"
    return build.request(
        "POST", FLOW, body, headers=((b"Content-Type", b"multipart/form-data; boundary=" + boundary),)
    )


# What was recorded, what is asked, and the rules that have to be named for it.
FRESH: dict[str, tuple[Request, Request, tuple[str, ...]]] = {
    **{
        f"chatId of {name}": (
            having(request, chatId=ONE),
            having(request, chatId=OTHER),
            ("prediction $.chatId",),
        )
        for name, request in PREDICTIONS.items()
    },
    "chatId of the Python library": (
        having(PYTHON_LIBRARY, chatId=ONE),
        having(PYTHON_LIBRARY, chatId=OTHER),
        ("prediction $.chatId",),
    ),
    "sessionId in overrideConfig": (
        having(PYTHON_LIBRARY, overrideConfig={"sessionId": ONE, "temperature": 0.2}),
        having(PYTHON_LIBRARY, overrideConfig={"sessionId": OTHER, "temperature": 0.2}),
        ("prediction $.overrideConfig.sessionId",),
    ),
    "two ids at once": (
        having(PYTHON_LIBRARY, chatId=ONE, sessionId=ONE),
        having(PYTHON_LIBRARY, chatId=OTHER, sessionId=OTHER),
        ("prediction $.chatId", "prediction $.sessionId"),
    ),
    "one of two ids": (
        having(PYTHON_LIBRARY, chatId=ONE, sessionId=ONE),
        having(PYTHON_LIBRARY, chatId=OTHER, sessionId=ONE),
        ("prediction $.chatId",),
    ),
    "a boundary": (uploaded(b"----A1", ONE), uploaded(b"----B2", ONE), ()),
    "a boundary and a chatId": (
        uploaded(b"----A1", ONE),
        uploaded(b"----B2", OTHER),
        ("prediction part.chatId",),
    ),
    "OpenAI's user": (OPENAI, having(OPENAI, user="u-2"), ("openai $.user",)),
    "Anthropic's user_id": (
        ANTHROPIC,
        having(ANTHROPIC, metadata={"user_id": "u-2"}),
        ("anthropic $.metadata.user_id",),
    ),
    "a library's headers": (
        PYTHON_LIBRARY,
        replace(PYTHON_LIBRARY, headers=((b"User-Agent", b"curl/8"), (b"X-Request-Id", b"2"))),
        (),
    ),
    "white space and order": (
        PYTHON_LIBRARY,
        replace(
            PYTHON_LIBRARY,
            body=json.dumps(json.loads(PYTHON_LIBRARY.body), sort_keys=True, indent=1).encode(),
        ),
        (),
    ),
}


@pytest.mark.parametrize(("recording", "request_", "rules"), FRESH.values(), ids=list(FRESH))
def test_what_is_fresh_in_each_run_does_not_matter(
    recording: Request, request_: Request, rules: tuple[str, ...]
) -> None:
    assert ask(recording, request_) == Answer(0, rules)
    assert ask(request_, recording) == Answer(0, rules)


@pytest.mark.parametrize(("recording", "request_", "rules"), FRESH.values(), ids=list(FRESH))
def test_strictly_only_what_is_the_same_matches(
    recording: Request, request_: Request, rules: tuple[str, ...]
) -> None:
    assert ask(recording, request_, strict=True) == (None if rules else Answer(0))


Change = Callable[[Request], Request]
# How a client may break: each makes of a real request one that asks for something else.
BROKEN: dict[str, Change] = {
    "another question": lambda request: having(request, question="What is the capital of Spain?"),
    "a letter more": lambda request: having(request, question="What is the capital of France??"),
    "no question": lambda request: lacking(request, "question"),
    "an empty question": lambda request: having(request, question=""),
    "a question that is a list": lambda request: having(request, question=["What is the capital of France?"]),
    "not streaming": lambda request: having(request, streaming=False),
    "streaming as a text": lambda request: having(request, streaming="true"),
    "an upload": lambda request: having(request, uploads=[{"type": "url", "data": "http://a/b.png"}]),
    "a history": lambda request: having(request, history=[{"role": "userMessage", "content": "Hi"}]),
    "an override": lambda request: having(request, overrideConfig={"temperature": 0}),
    "another name": lambda request: having(request, prompt="What is the capital of France?"),
    "another flow": lambda request: replace(request, target=request.target[:-1] + b"x"),
    "the documentation's path": lambda request: replace(
        request, target=request.target.replace(b"/prediction/", b"/predictions/")
    ),
    "a query": lambda request: replace(request, target=request.target + b"?v=2"),
    "another method": lambda request: replace(request, method="PUT"),
    "JSON in a text": lambda request: replace(request, body=json.dumps(request.body.decode()).encode()),
    "JSON twice": lambda request: replace(request, body=request.body * 2),
    "no body": lambda request: replace(request, body=b""),
    "JSON cut off": lambda request: replace(request, body=request.body[:-1]),
    "a chatId where there was none": lambda request: having(request, chatId=ONE),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize(
    "request_", [*PREDICTIONS.values(), PYTHON_LIBRARY], ids=[*PREDICTIONS, "python library"]
)
def test_a_request_that_changed_in_meaning_is_a_miss(request_: Request, change: Change) -> None:
    assert ask(request_, request_) == Answer(0)
    assert ask(request_, change(request_)) is None


@pytest.mark.parametrize(
    "change",
    [each for name, each in BROKEN.items() if "chatId" not in name],
    ids=[name for name in BROKEN if "chatId" not in name],
)
def test_nor_does_it_match_with_a_fresh_id_besides(change: Change) -> None:
    recording, request = having(PYTHON_LIBRARY, chatId=ONE), having(PYTHON_LIBRARY, chatId=OTHER)
    assert ask(recording, change(request)) is None


@pytest.mark.parametrize(
    ("recording", "request_"),
    [
        (OPENAI, having(OPENAI, model="gpt-5-mini")),
        (OPENAI, having(OPENAI, messages=[{"role": "user", "content": "Ho"}])),
        (OPENAI, having(OPENAI, messages=[{"role": "system", "content": "Hi"}])),
        (OPENAI, having(OPENAI, temperature=0.1)),
        (OPENAI, having(OPENAI, tools=[])),
        (OPENAI, lacking(OPENAI, "user")),
        (OPENAI, having(OPENAI, user=None)),
        (OPENAI, having(OPENAI, user="")),
        (ANTHROPIC, having(ANTHROPIC, max_tokens=1)),
        (ANTHROPIC, having(ANTHROPIC, metadata={"user_id": "u-1", "more": 1})),
        (ANTHROPIC, having(ANTHROPIC, metadata={})),
        # A field that is an id elsewhere.
        (having(ANTHROPIC, user="a"), having(ANTHROPIC, user="b")),
        (having(OPENAI, chatId="a"), having(OPENAI, chatId="b")),
        (having(OPENAI, metadata={"user_id": "a"}), having(OPENAI, metadata={"user_id": "b"})),
        (
            replace(OPENAI, target=b"/v1/users"),
            replace(having(OPENAI, user="u-2"), target=b"/v1/users"),
        ),
        (uploaded(b"A", ONE), uploaded(b"A", ONE, "Ho")),
        (uploaded(b"A", ONE), uploaded(b"A", "")),
    ],
)
def test_so_is_one_in_another_dialect(recording: Request, request_: Request) -> None:
    assert ask(recording, request_) is None


def test_an_exact_recording_goes_before_one_that_is_folded() -> None:
    library = Loaded(
        [
            recorded("one", 1, having(PYTHON_LIBRARY, chatId=ONE)),
            recorded("other", 2, having(PYTHON_LIBRARY, chatId=OTHER)),
        ]
    )
    answers = Answers(library)
    assert answers.answer(having(PYTHON_LIBRARY, chatId=ONE)) == Answer(0)
    assert answers.answer(having(PYTHON_LIBRARY, chatId=OTHER)) == Answer(1)
    # A third conversation gets what was recorded in the order in which it was.
    third = having(PYTHON_LIBRARY, chatId="third")
    given = [answers.answer(third) for _ in range(3)]
    assert given == [Answer(number, ("prediction $.chatId",)) for number in (0, 1, 1)]
