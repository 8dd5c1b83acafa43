"""What lint says of clients' libraries is what the libraries do."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sseproxy.analysis.lint import Expectations
from sseproxy.cli.dialects import by_name
from sseproxy.sse import Event, EventStreamParser
from tests.cli.builder import stream
from tests.lint.libraries import (
    Seen,
    anthropic_sdk,
    flowise_python,
    flowise_typescript,
    httpx_sse,
    openai_sdk,
)
from tests.lint.streams import GOOD_HEADERS, linted


def claims(code: str, dialect: str, body: bytes) -> set[str]:
    """What lint says that the library of this code does differently."""
    exchange = stream(body, headers=GOOD_HEADERS)
    findings, _ = linted(exchange, Expectations(dialect=by_name(dialect)))
    return {finding.key for finding in findings if finding.rule.code == code}


def agree(code: str, dialect: str, body: bytes, seen: Seen, standard: Seen) -> bool:
    """Whether lint says that the library differs exactly where it does.

    What is lost with a byte order mark may be a line that does not matter, or what is lost and what is too
    much may be the same: then the result is alike by chance.
    """
    said = claims(code, dialect, body)
    return bool(said) is (seen != standard) or "bom" in said


def dispatched(body: bytes) -> list[Event]:
    return [event for event in EventStreamParser().feed(body) if event.dispatched]


LINES = (
    *(
        b"event: x",
        b"event:",
        b"event: message",
        b"id: 7",
        b"id",
        b"id: \0",
        b"retry: 5",
        b"retry: -5",
        b"retry: x",
    ),
    *(
        b": heartbeat",
        b":",
        b"message:",
        b"data",
        b"data:",
        b"data: text",
        b"data: [DONE]",
        b"Data: 1",
        b" data: 1",
    ),
    *(b"data: \xff", "data: \u2028é".encode(), b"data: data: x", b"event: content_block_stop"),
    *(
        b'data: {"id":"1","index":1,"type":"content_block_stop"}',
        b'data:{"id":"2","index":2,"type":"content_block_stop"}',
    ),
    *([b""] * 8),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Streams of lines that parsers differ over; mostly with one kind of line end."""
    ends = draw(st.sampled_from([[b"\n"], [b"\n"], [b"\r\n"], [b"\r"], [b"\n", b"\r\n", b"\r"]]))
    lines = draw(st.lists(st.sampled_from(LINES), max_size=12))
    text = b"".join(line + draw(st.sampled_from(ends)) for line in lines)
    tail = draw(st.sampled_from([b"", b"", *LINES]))
    return draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf"])) + text + tail


def some_bodies(count: int) -> list[bytes]:
    """Such streams for libraries that need a server: drawn once, the same each time."""
    random = Random(7)
    found = []
    for _ in range(count):
        end = random.choice([b"\n", b"\n", b"\n", b"\r\n"])
        text = b"".join(random.choice(LINES) + end for _ in range(random.randrange(12)))
        found.append(
            random.choice([b"", b"", b"", b"\xef\xbb\xbf"]) + text + random.choice([b"", b"", *LINES])
        )
    return found


# The standard's view of a stream, in the form that the library gives it in.


def by_httpx_sse(body: bytes) -> Seen:
    return Seen([(event.type, event.data) for event in dispatched(body)])


def by_openai(body: bytes) -> Seen:
    """All are JSON, none comes behind the last."""
    found: list[object] = []
    events = dispatched(body)
    for number, event in enumerate(events, 1):
        if event.data.startswith("[DONE]"):
            return Seen(found, "" if number == len(events) else "events behind [DONE]")
        try:
            found.append(json.loads(event.data).get("id"))
        except ValueError:
            return Seen(found, "no JSON")
    return Seen(found)


def by_anthropic(body: bytes) -> Seen:
    found: list[object] = []
    for event in dispatched(body):
        try:
            found.append(json.loads(event.data).get("index"))
        except ValueError:
            return Seen(found, "no JSON")
    return Seen(found)


def by_flowise(body: bytes) -> Seen:
    """Kinds are in the data, so that names would be lost."""
    events = dispatched(body)
    if any(event.type != "message" for event in events):
        return Seen([], "names")
    return Seen([event.data.strip() for event in events])


def by_flowise_typescript(body: bytes) -> Seen:
    seen = by_flowise(body)
    try:
        return Seen([json.loads(str(data)) for data in seen.events], seen.error)
    except ValueError:
        return Seen([], "no JSON")


unhurried = settings(
    deadline=None, derandomize=True
)  # the libraries take their time, the first time above all


@unhurried
@given(bodies())
@example(b"id: 1\ndata: x\n\n\n")
@example(b"event: x\nevent:\n\n")
@example(b"\xef\xbb\xbfid: 7\n\nevent:\n\n")
@example(b"event: x\n\n")
def test_httpx_sse_differs_where_lint_says_so(body: bytes) -> None:
    assert agree("C601", "plain", body, httpx_sse(body), by_httpx_sse(body))


@unhurried
@given(bodies())
@example(b"id: 1\ndata: {}\n\n: heartbeat\n\n")
@example(b"\xef\xbb\xbfid: 7\n\n\n")
@example(b"\xef\xbb\xbfdata: {}\nid: 7\n\n\n")
@example(b"data: [DONE]\n\ndata: {}\n\n")
def test_the_openai_sdk_does(body: bytes) -> None:
    assert agree("C602", "openai-chat", body, openai_sdk(body), by_openai(body))


@unhurried
@given(bodies())
def test_the_anthropic_sdk_does(body: bytes) -> None:
    assert agree("C603", "anthropic", body, anthropic_sdk(body), by_anthropic(body))


@pytest.mark.parametrize("code", ["C604", "C605"])
def test_flowises_libraries_do(code: str) -> None:
    sample = some_bodies(200)
    read, standard = {
        "C604": (flowise_python, by_flowise),
        "C605": (flowise_typescript, by_flowise_typescript),
    }[code]
    wrong = [
        (body, claims(code, "flowise", body), seen, standard(body))
        for body, seen in zip(sample, read(sample), strict=True)
        if not agree(code, "flowise", body, seen, standard(body))
    ]
    assert wrong == []
