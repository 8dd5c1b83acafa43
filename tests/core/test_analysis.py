"""What a person is told of an exchange: how exact its replay was, what is odd in it, its JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import orjson
import pytest

from sseproxy.analysis.events import read_stream
from sseproxy.analysis.exactness import Exactness, compare
from sseproxy.analysis.report import as_json
from sseproxy.analysis.validate import findings
from sseproxy.exchange import Arrival, End, Ending, Exchange

from . import build

A, B, C = b"data:a\n\n", b"data:b\n\n", b"data:c\n\n"


def played(*came: tuple[int, bytes]) -> Exchange:
    return build.exchange(build.arrivals(*came))


def exactness(same_bytes: bool, same_reads: bool, same_order: bool, errors: tuple[int, ...]) -> Exactness:
    return Exactness(same_bytes, same_reads, same_order, True, errors)


RECORDED = played((100, A), (200, B + C))


@pytest.mark.parametrize(
    ("replayed", "speed", "expected", "same"),
    [
        pytest.param(RECORDED, 1.0, exactness(True, True, True, (0, 0, 0)), True, id="to the microsecond"),
        pytest.param(
            played((107, A), (203, B + C)),
            1.0,
            exactness(True, True, True, (7, 3, 3)),
            True,
            id="a little late",
        ),
        pytest.param(
            played((90, A), (200, B + C)), 1.0, exactness(True, True, True, (-10, 0, 0)), True, id="early"
        ),
        pytest.param(
            played((50, A), (101, B + C)),
            2.0,
            exactness(True, True, True, (0, 1, 1)),
            True,
            id="twice as fast",
        ),
        pytest.param(
            played((400, A), (800, B + C)), 0.25, exactness(True, True, True, (0, 0, 0)), True, id="slower"
        ),
        pytest.param(
            played((4, A), (5, B + C)), math.inf, exactness(True, True, True, (4, 5, 5)), True, id="at once"
        ),
        pytest.param(
            played((200, A + B + C)),
            1.0,
            exactness(True, False, True, (100, 0, 0)),
            True,
            id="a client that was held up joins reads",
        ),
        pytest.param(
            played((100, A), (200, B), (201, C)),
            1.0,
            exactness(True, False, True, (0, 0, 1)),
            True,
            id="a read in two",
        ),
        pytest.param(
            played((100, A), (200, C + B)), 1.0, exactness(False, False, False, (0, 0, 0)), False, id="order"
        ),
        pytest.param(
            played((100, A), (200, B)), 1.0, exactness(False, False, False, (0, 0)), False, id="one too few"
        ),
        pytest.param(
            played((100, A), (200, B + C + C)),
            1.0,
            exactness(False, False, False, (0, 0, 0)),
            False,
            id="one too many",
        ),
        pytest.param(
            played((100, A), (200, B + b":x\n" + C)),
            1.0,
            exactness(False, False, True, (0, 0, 0)),
            False,
            id="other bytes, the same events",
        ),
        pytest.param(played(), 1.0, exactness(False, False, False, ()), False, id="nothing came"),
    ],
)
def test_a_replay_is_compared_with_its_recording(
    replayed: Exchange, speed: float, expected: Exactness, same: bool
) -> None:
    found = compare(RECORDED, replayed, speed)
    assert found == expected
    assert found.same is same


def test_another_ending_is_not_the_same() -> None:
    cut = replace(RECORDED, end=End(300, Ending.TRUNCATED, 27))
    found = compare(RECORDED, cut, 1.0)
    assert found.bytes_equal
    assert not found.ending_equal
    assert not found.same


@pytest.mark.parametrize("other", [b"event:t\ndata:a\n\n", b"id:1\ndata:a\n\n", b"data:b\n\n"])
def test_type_id_and_data_make_an_event(other: bytes) -> None:
    assert not compare(played((1, A)), played((1, other)), 1.0).order_equal


def ended(end: End | None, *came: Arrival) -> Exchange:
    return Exchange(build.head(), build.request(), build.response(), came, (), end)


INCOMPLETE = "incomplete: no end record, its recorder died, could not write on, or is still at work"
LOSSY = "lossy: part of the stream was not recorded"
BACK = "the times of the records go back"


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        pytest.param(RECORDED, [], id="nothing"),
        pytest.param(build.exchange(), [], id="an empty body"),
        pytest.param(build.exchange(response=None, ending=Ending.CONNECT_FAILED), [], id="no response"),
        *(
            pytest.param(build.exchange(build.arrivals((1, A)), ending=ending), [], id=ending)
            for ending in Ending
            if ending not in (Ending.LOSSY, Ending.INCOMPLETE)
        ),
        pytest.param(
            build.exchange(build.arrivals((1, b"data:")), ending=Ending.TRUNCATED), [], id="half an event"
        ),
        pytest.param(played((1, A), (1, B)), [], id="equal times"),
        pytest.param(ended(None), [INCOMPLETE], id="no end"),
        pytest.param(
            ended(End(1, Ending.CLEAN, 9), Arrival(1, A)),
            ["the end record counts 9 body bytes, there are 8: edited by hand"],
            id="another size",
        ),
        pytest.param(build.exchange(build.arrivals((1, A)), ending=Ending.LOSSY), [LOSSY], id="lossy"),
        pytest.param(played((2, A), (1, B)), [BACK], id="times that go back"),
        pytest.param(
            build.exchange(
                build.arrivals((1, A)),
                response=build.response((*build.EVENT_STREAM, (b"Content-Encoding", b"rot13"))),
            ),
            ["can't decode Content-Encoding rot13"],
            id="a body that can't be read",
        ),
        pytest.param(
            ended(End(1, Ending.LOSSY, 0), Arrival(3, A), Arrival(2, B)),
            ["the end record counts 0 body bytes, there are 16: edited by hand", LOSSY, BACK],
            id="all at once, in one order",
        ),
    ],
)
def test_what_is_odd_is_said_in_sentences(exchange: Exchange, expected: list[str]) -> None:
    assert findings(exchange) == expected


def test_the_json_of_an_exchange_has_exactly_these_keys() -> None:
    body = b":c\n\nevent:token\nid:7\nretry:1500\ndata:Hi\ndata: \xc3\xa9\n\nevent:end\n\ndata:[DONE]\n\n"
    exchange = build.exchange(build.arrivals((5, body[:20]), (9, body[20:])))
    report = as_json("cassettes/a.sse.jsonl", exchange, read_stream(exchange))
    assert json.loads(orjson.dumps(report)) == {
        "cassette": "cassettes/a.sse.jsonl",
        "id": "01M83A461QMGAYW5",
        "wall": "2026-11-23T00:41:34.120415Z",
        "method": "POST",
        "target": "/api",
        "status": 200,
        "ending": "clean",
        "events": [
            {"t": 9, "event": "token", "data": "Hi\né", "id": "7", "retry": 1500},
            {"t": 9, "event": "message", "data": "[DONE]", "id": "7", "retry": None},
        ],
    }
    assert list(report) == ["cassette", "id", "wall", "method", "target", "status", "ending", "events"]


def test_the_json_of_a_recording_that_hardly_began_has_them_too() -> None:
    exchange = Exchange(build.head(), None, None, (), (), None)
    report = as_json("a.sse.jsonl.part", exchange, read_stream(exchange))
    assert json.loads(orjson.dumps(report)) == {
        "cassette": "a.sse.jsonl.part",
        "id": "01M83A461QMGAYW5",
        "wall": "2026-11-23T00:41:34.120415Z",
        "method": None,
        "target": None,
        "status": None,
        "ending": "incomplete",
        "events": [],
    }


def test_a_target_that_is_no_utf8_is_shown_with_escapes() -> None:
    exchange = build.exchange(request=build.request(target=b"/\xc3\xa9\xff"))
    assert as_json("a", exchange, read_stream(exchange))["target"] == "/é\\xff"
