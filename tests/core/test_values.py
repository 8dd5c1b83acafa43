"""The values everything else is a view of, and how an error is spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.errors import CassetteError, NoHeadYetError, SseproxyError
from sseproxy.exchange import Ending, Exchange, Headers, header, tokens

from . import build

HEADERS: Headers = (
    (b"X-One", b" a "),
    (b"x-ONE", b"b"),
    (b"List", b"A, b\t,,"),
    (b"Other", b"z"),
    (b"LIST", b""),
    (b"list", b" C;q=1 "),
    (b"Empty", b""),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"x-one", b"a"), (b"list", b"A, b\t,,"), (b"empty", b""), (b"missing", None), (b"X-One", None)],
)
def test_a_field_is_looked_up_by_its_lower_case_name(name: bytes, value: bytes | None) -> None:
    assert header(HEADERS, name) == value


@pytest.mark.parametrize(
    ("name", "items"),
    [(b"list", [b"a", b"b", b"c;q=1"]), (b"x-one", [b"a", b"b"]), (b"empty", []), (b"missing", [])],
)
def test_a_list_runs_over_all_fields_of_its_name(name: bytes, items: list[bytes]) -> None:
    assert tokens(HEADERS, name) == items


def test_only_two_endings_are_whole() -> None:
    assert [ending for ending in Ending if ending.whole] == [Ending.CLEAN, Ending.EOF_UNFRAMED]


CAME = build.arrivals((200, b"a"), (300, b"bc"))


@pytest.mark.parametrize(
    ("exchange", "duration", "ending"),
    [
        (build.exchange(CAME, end_t=400), 400, Ending.CLEAN),
        (build.exchange(CAME, ending=None), 300, Ending.INCOMPLETE),
        (build.exchange(response=build.response(t=100), ending=None), 100, Ending.INCOMPLETE),
        (build.exchange(response=None, ending=None), 0, Ending.INCOMPLETE),
        (build.exchange(response=None, ending=Ending.CLIENT_LEFT, end_t=50), 50, Ending.CLIENT_LEFT),
    ],
)
def test_an_exchange_lasts_to_the_last_thing_known(exchange: Exchange, duration: int, ending: Ending) -> None:
    assert (exchange.duration, exchange.ending) == (duration, ending)


def test_a_body_is_its_arrivals_joined() -> None:
    assert build.exchange(CAME).body == b"abc"
    assert build.exchange().body == b""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CassetteError("why"), "why"),
        (CassetteError("why", line=3), "line 3: why"),
        (CassetteError("why", Path("a.sse.jsonl")), "a.sse.jsonl: why"),
        (CassetteError("why", Path("a.sse.jsonl"), 3), "a.sse.jsonl:3: why"),
        (NoHeadYetError("why").located(Path("b")), "b: why"),
    ],
)
def test_a_cassette_error_says_where_before_why(error: CassetteError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, SseproxyError)


def test_an_error_that_is_located_keeps_its_kind_and_its_line() -> None:
    located = NoHeadYetError("why", line=1).located(Path("b"))
    assert type(located) is NoHeadYetError
    assert (located.problem, located.path, located.line) == ("why", Path("b"), 1)
