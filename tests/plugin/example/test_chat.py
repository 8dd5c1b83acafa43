"""Tests that block, as with any SDK that is built on requests."""

import pytest
import requests
from chat import ask

from sseproxy.testing import SseMock


def test_an_answer_comes_in_several_pieces(sse_mock: SseMock) -> None:
    tokens = list(ask(sse_mock.url, "How does it end?"))
    assert tokens[:3] == ["A", " stream", " is"]
    assert len(tokens) > 10


def test_the_question_is_asked_once(sse_mock: SseMock) -> None:
    list(ask(sse_mock.url, "Why?"))
    (request,) = sse_mock.requests
    assert (request.method, request.path) == ("POST", "/api/v1/prediction/conversation")
    assert request.json()["question"] == "Why?"
    assert request.headers["content-type"] == "application/json"


def test_the_stream_ends_as_it_should(sse_mock: SseMock) -> None:
    list(ask(sse_mock.url, "Why?"))
    (exchange,) = sse_mock.exchanges
    kinds = [event.json()["event"] for event in exchange.events]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert exchange.ending == "clean"
    assert sse_mock.unplayed == []


@pytest.mark.sse_cassette("broken")
def test_an_answer_that_breaks_off_is_an_error(sse_mock: SseMock) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(ask(sse_mock.url, "Why?", flow="cut"))


@pytest.mark.sse_cassette(speed=5)
def test_the_answer_can_come_in_a_rhythm(sse_mock: SseMock) -> None:
    assert "".join(ask(sse_mock.url, "Why?"))


@pytest.mark.parametrize("question", ["Who?", "Where to?"])
def test_a_question_has_cassettes_of_its_own(sse_mock: SseMock, question: str) -> None:
    assert "".join(ask(sse_mock.url, question))
    assert [request.json()["question"] for request in sse_mock.requests] == [question]
