"""Two requests with one chat id: the second takes over the stream of the first."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from sseproxy.analysis.lint import Finding, Sessions, lint
from sseproxy.cassette.items import items
from sseproxy.cassette.store import load
from sseproxy.exchange import End, Ending, Exchange
from tests.cli.builder import encoded
from tests.lint.mutants import asked
from tests.lint.streams import PLAIN_EXPECTATIONS, TAKEOVER, capture, codes, pieces, with_pieces
from tests.support.predictions import takeover

CHAT = b'{"question":"Hi","streaming":true,"chatId":"b71b80ee-a0ac-4226-af58-ff3fe69a33a7"}'


def turn(
    id: str,
    *,
    began: float = 0,
    body: bytes = CHAT,
    session: str = "01M83A89YGJVYFJA",
    tokens: int = 41,
    end: bool = True,
    rest: float = 0,
    ending: Ending = Ending.CLEAN,
) -> Exchange:
    """The captured conversation as a request of a chat: some tokens, `rest` seconds of nothing, the end."""
    was = asked(body)(capture("conversation"))
    found = pieces(was)
    kept = found[: 1 + tokens] + (found[-2:] if end else [])
    changed = with_pieces(was, kept)
    t = changed.arrivals[-1].t + round(rest * 1e6)
    return replace(
        changed,
        head=replace(was.head, id=id, session=session, session_t=round(began * 1e6)),
        end=End(t, ending, len(changed.body)),
    )


FIRST = turn("FIRST", tokens=10, end=False, rest=30, ending=Ending.CLIENT_LEFT)
SECOND = turn("SECOND", began=0.2)


def together(*exchanges: Exchange) -> list[Finding]:
    sessions = Sessions()
    found: list[Finding] = []
    for exchange in exchanges:
        lines = encoded(exchange).splitlines(keepends=True)
        own, course = lint(f"{exchange.head.id}.sse.jsonl", items(lines), PLAIN_EXPECTATIONS)
        assert codes(own) == []
        assert course
        found += sessions.add(course)
    return found


@pytest.mark.parametrize("order", list(permutations([FIRST, SECOND])))
def test_it_is_told_at_the_first_and_names_the_second(order: tuple[Exchange, ...]) -> None:
    (finding,) = together(*order)
    assert finding.rule.code == "S501"
    assert (finding.place.cassette, finding.place.event) == ("FIRST.sse.jsonl", 11)
    assert [place.cassette for place in finding.others] == ["SECOND.sse.jsonl"]
    assert finding.message == (
        "this stream stopped after 10 tokens and got no end: a request with the same chat id"
        " `b71b80ee-a0ac-4226-af58-ff3fe69a33a7` came 0.200 s after it and got the end (SECOND.sse.jsonl)"
    )


RECORDED = [load(TAKEOVER / f"{name}.sse.jsonl") for name in ("first", "second")]


@pytest.mark.parametrize("order", list(permutations(RECORDED)))
def test_so_it_is_where_the_real_server_did_it(order: tuple[Exchange, ...]) -> None:
    (finding,) = together(*order)
    first, second = (f"{exchange.head.id}.sse.jsonl" for exchange in RECORDED)
    assert finding.rule.code == "S501"
    assert (finding.place.cassette, finding.place.event) == (first, 6)
    assert [(place.cassette, place.event) for place in finding.others] == [(second, 36)]
    assert finding.message == (
        "this stream stopped after 5 tokens and got no end: a request with the same chat id"
        f" `a-chat-of-two` came 0.129 s after it and got the end ({second})"
    )


def order_of(*exchanges: Exchange) -> list[str]:
    """What is told of these streams, one after the other."""
    sessions = Sessions()
    told: list[Finding] = []
    for exchange in exchanges:
        lines = encoded(exchange).splitlines(keepends=True)
        told += sessions.told(*lint(exchange.head.id, items(lines), PLAIN_EXPECTATIONS))
    return [f"{each.place.id[-1]} {each.rule.code}" for each in told if each.rule.code[0] in "OS"]


def test_what_a_takeover_does_to_the_order_is_not_told_beside_it() -> None:
    first, second = takeover()
    assert order_of(second) == ["B O305"]
    assert order_of(first, second) == ["A S501"]


def test_the_order_of_a_stream_that_took_none_over_is_told_at_its_end() -> None:
    first, second = takeover()
    endless = replace(second, arrivals=second.arrivals[:-1], end=End(170_000, Ending.CLEAN, 0))
    assert order_of(first, endless) == ["B O305", "B O303"]


NOT_TAKEN_OVER = {
    "one after the other": (turn("A"), turn("B", began=10)),
    "at once, each with its end": (turn("A"), turn("B", began=0.2)),
    "another chat": (FIRST, turn("B", began=0.2, body=CHAT.replace(b"b71", b"c82"))),
    "no chat asked for": (turn("A", body=b"{}", tokens=10, end=False, ending=Ending.CLIENT_LEFT),),
    "another session": (FIRST, turn("B", began=0.2, session="01M83A89YGJVYFJB")),
    "the first left before the second came": (FIRST, turn("B", began=40)),
    "neither got an end": (FIRST, turn("B", began=0.2, end=False, ending=Ending.CLIENT_LEFT)),
    "the first went on getting tokens": (
        turn("A", end=False, rest=30, ending=Ending.CLIENT_LEFT),
        turn("B", began=0.1),
    ),
}


@pytest.mark.parametrize("exchanges", NOT_TAKEN_OVER.values(), ids=list(NOT_TAKEN_OVER))
def test_these_are_not_taken_over(exchanges: tuple[Exchange, ...]) -> None:
    sessions = Sessions()
    found: list[Finding] = []
    for exchange in exchanges:
        _, course = lint("a", items(encoded(exchange).splitlines(keepends=True)), PLAIN_EXPECTATIONS)
        found += sessions.add(course) if course else []
    assert found == []
