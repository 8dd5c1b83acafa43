"""Events with what they mean, and what ties their stream to others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange, Request
from tests.core import build
from tests.export.support import captured

CHAT = b'{"question":"Hi","chatId":"c1","streaming":true}'


def asking(*came: tuple[int, bytes], body: bytes = CHAT) -> Exchange:
    return build.exchange(build.arrivals(*came), request=Request("POST", b"/a", "1.1", (), body))


def test_events_are_numbered_as_a_listener_counts_them() -> None:
    value = asking((1, b"event: token\ndata: a\n\n: beat\n\n"), (2, b"event: token\ndata: b\n\n"))
    moments = read_story(value).moments
    assert [(each.number, each.t, each.read, each.meaning.kind) for each in moments] == [
        (1, 1, 0, "token"),
        (0, 1, 0, "comment"),
        (2, 2, 1, "token"),
    ]


METADATA = b'data:{"event":"metadata","data":{"chatId":"c1","chatMessageId":"m1"}}\n\n'


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        pytest.param(asking((1, METADATA)), {("chat", "c1"), ("message", "m1")}, id="asked and answered"),
        pytest.param(asking(), {("chat", "c1")}, id="nothing came, so that no dialect is known"),
        pytest.param(asking((1, METADATA), body=b""), {("chat", "c1"), ("message", "m1")}, id="a new chat"),
        pytest.param(asking(body=b"{}"), set(), id="none"),
        pytest.param(replace(asking(), request=None), set(), id="no request was recorded"),
    ],
)
def test_ids_tie_an_exchange_to_others(value: Exchange, ids: set[tuple[str, str]]) -> None:
    assert read_story(value).ids == ids


def test_the_captures_speak() -> None:
    story = read_story(captured()["conversation"])
    assert story.dialect.name == "flowise"
    text = "".join(moment.meaning.text for moment in story.heard)
    assert text.startswith("The quick brown fox says: naïve café, 日本語")
