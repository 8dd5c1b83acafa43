"""HARs of other programs: what they carry is taken, what they lack is noted and not made up."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Arrival, Ending, Exchange, Framing
from sseproxy.export.imported import TAG, lines
from tests.export.support import captured, export, imported

BODY = "event: token\ndata: Hal\n\n: beat\n\ndata: lo\n\n"
BEGAN = 1795394494.5  # 2026-11-23T00:41:34.5Z
MESSAGES = [
    {"time": BEGAN + 0.25, "eventName": "token", "eventId": "", "data": "Hal"},
    {"time": BEGAN + 0.5, "eventName": "message", "eventId": "", "data": "lo"},
]


def entry(**response: Any) -> dict[str, Any]:
    """An entry as a browser writes it, of an event stream over HTTP/1.1."""
    told = {
        "status": 200,
        "statusText": "OK",
        "httpVersion": "http/1.1",
        "headers": [
            {"name": "Content-Type", "value": "text/event-stream"},
            {"name": "Transfer-Encoding", "value": "chunked"},
        ],
        "content": {"size": len(BODY), "mimeType": "text/event-stream", "text": BODY},
    }
    return {
        "startedDateTime": "2026-11-23T01:41:34.500+01:00",
        "time": 750.5,
        "request": {
            "method": "POST",
            "url": "https://chat.example/api/predict?flow=1&a=%20#part",
            "httpVersion": "http/1.1",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "postData": {"mimeType": "application/json", "text": '{"question":"Hi"}'},
        },
        "response": told | response,
        "timings": {"blocked": -1, "dns": 1.5, "connect": 2, "send": 0.5, "wait": 100, "receive": 646.5},
        "_eventSourceMessages": deepcopy(MESSAGES),
    }


def har(*entries: dict[str, Any]) -> bytes:
    creator = {"name": "WebInspector", "version": "537.36"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}).encode()


def one(told: dict[str, Any]) -> Exchange:
    (value,) = imported(har(told))
    return value


def noted(value: Exchange) -> str:
    assert all(note.tags == (TAG,) and (note.t, note.after) == (0, 0) for note in value.notes)
    return "\n".join(note.text for note in value.notes)


def test_what_a_browser_wrote() -> None:
    value = one(entry())
    assert (value.head.id, value.head.session, value.head.session_t) == ("new 1", "the import", 0)
    assert (value.head.by, value.head.wall) == ("WebInspector/537.36", "2026-11-23T00:41:34.500000Z")
    assert value.head.upstream == "https://chat.example"
    assert value.request
    assert (value.request.method, value.request.target) == ("POST", b"/api/predict?flow=1&a=%20")
    assert (value.request.version, value.request.body) == ("1.1", b'{"question":"Hi"}')
    assert value.response
    assert (value.response.t, value.response.framing) == (104_000, Framing.CHUNKED)
    assert value.body == BODY.encode()
    assert (value.ending, value.duration) == (Ending.EOF_UNFRAMED, 750_500)


def test_a_time_for_each_event_cuts_the_body_behind_each() -> None:
    value = one(entry())
    assert value.arrivals == (
        Arrival(250_000, b"event: token\ndata: Hal\n\n"),
        Arrival(500_000, b": beat\n\ndata: lo\n\n"),
    )
    assert "no read boundaries" in noted(value)


def changed(path: str, value: object) -> dict[str, Any]:
    told = entry()
    where: Any = told
    *parents, last = path.split(".")
    for name in parents:
        where = where[name]
    if value is None:
        del where[last]
    else:
        where[last] = value
    return told


LACKING: dict[str, tuple[dict[str, Any], str]] = {
    "no times": (changed("_eventSourceMessages", None), "no times within the body"),
    "times of other events": (changed("_eventSourceMessages", MESSAGES[:1]), "no times within the body"),
    "no bytes, but events": (changed("response.content", {"size": 0}), "written anew from type, id and data"),
    "no body": (
        changed("response.content", {"size": 9}) | {"_eventSourceMessages": []},
        "the HAR has no body",
    ),
    "a form's fields": (
        changed("request.postData", {"mimeType": "a/b", "params": [{"name": "a", "value": "b"}]}),
        "the request's body was not in the HAR as text",
    ),
    "HTTP of no known name": (changed("request.httpVersion", "unknown"), "names no HTTP version"),
    "a decoded body": (
        entry(headers=[{"name": "Content-Encoding", "value": "br"}]),
        "Content-Encoding is left out",
    ),
    "another length": (
        entry(headers=[{"name": "Content-Length", "value": "12"}]),
        "Content-Length is left out",
    ),
    "an ending": (entry(), "whether it was whole can't be told"),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_is_lacking_is_noted(what: str) -> None:
    told, note = LACKING[what]
    assert note in noted(one(told))


@pytest.mark.parametrize("what", [what for what in LACKING if what != "an ending"])
def test_what_is_there_is_not_noted(what: str) -> None:
    """No note but its own stands for each, or the table above would prove nothing."""
    assert LACKING[what][1] not in noted(one(entry())), what


def test_events_alone_are_written_anew() -> None:
    value = one(changed("response.content", {"size": 0}))
    assert value.arrivals == (
        Arrival(250_000, b"event: token\ndata: Hal\n\n"),
        Arrival(500_000, b"data: lo\n\n"),
    )


def test_a_length_that_fits_is_a_clean_end() -> None:
    value = one(
        entry(
            headers=[{"name": "content-length", "value": "2"}],
            content={"size": 2, "text": "e30=", "encoding": "base64"},
        )
    )
    assert (value.body, value.ending) == (b"{}", Ending.CLEAN)


def test_a_request_that_failed_has_no_response() -> None:
    value = one(entry(status=0, _error="net::ERR_CONNECTION_REFUSED"))
    assert (value.response, value.ending) == (None, Ending.ERROR)
    assert value.end
    assert value.end.detail == "net::ERR_CONNECTION_REFUSED"


def test_http_2_has_names_that_http_1_has_not() -> None:
    told = changed("request.httpVersion", "h2")
    told["request"]["headers"] = [
        {"name": ":authority", "value": "chat.example"},
        {"name": "a", "value": "1\n2"},
    ]
    value = one(told)
    assert value.request
    assert (value.request.version, value.request.headers) == ("2.0", ((b"a", b"1"), (b"a", b"2")))


def test_entries_share_the_clock_of_their_session() -> None:
    later = entry() | {"startedDateTime": "2026-11-23T00:41:36.750001Z"}
    assert [value.head.session_t for value in imported(har(later, entry()))] == [2_250_001, 0]


def test_credentials_do_not_reach_the_disk() -> None:
    told = entry()
    told["request"]["headers"].append({"name": "Authorization", "value": "Bearer hidden"})
    told["request"]["url"] = "https://me:hidden@chat.example/api?api_key=hidden"
    told["response"]["headers"].append({"name": "Set-Cookie", "value": "sid=hidden"})
    written = lines(one(told))
    assert b"hidden" not in written
    assert b'"redacted":["target.api_key","headers.authorization"]' in written
    assert b'"redacted":["headers.set-cookie"]' in written


def test_nor_do_those_in_bodies() -> None:
    told = entry()
    told["request"]["postData"] = {"mimeType": "application/json", "text": '{"apiKey":"hidden"}'}
    told["response"]["content"]["text"] = 'data: {"password":"hidden"}\n\n'
    told["response"]["content"].pop("encoding", None)
    written = lines(one(told))
    assert b"hidden" not in written
    assert b'"redacted":["body.apiKey"]' in written
    assert b'"redacted":["body.password"]' in written


@pytest.mark.parametrize("name", captured())
def test_without_our_own_key_all_that_har_has_a_field_for_comes_back(name: str) -> None:
    was = captured()[name]
    document = json.loads(export("har", was))
    for each in document["log"]["entries"]:
        del each["_sseproxy"]
    (now,) = imported(json.dumps(document).encode())
    assert now.request == was.request
    assert now.response == was.response
    assert (now.body, now.duration, now.head.wall) == (was.body, was.duration, was.head.wall)


BROKEN: dict[str, tuple[bytes, str]] = {
    "not JSON": (b'{"log":', "not JSON"),
    "not a HAR": (b'{"logs":{}}', "there is no `log.entries`"),
    "entries of nothing": (b'{"log":{"entries":{}}}', "should be a list of objects"),
    "no request": (
        har(entry(), {"startedDateTime": "2026-11-23T00:41:34Z"}),
        "entry 2 .*'request' is missing",
    ),
    "no zone": (
        har(entry() | {"startedDateTime": "2026-11-23T00:41:34"}),
        "entry 1 .*`startedDateTime` should",
    ),
    "a header of a number": (
        har(entry(headers=[{"name": "a", "value": 1}])),
        "entry 1 .*`value` should be a string",
    ),
    "no base64": (har(entry(content={"text": "a", "encoding": "base64"})), "entry 1 "),
    "no number": (har(changed("time", "soon")), "entry 1 "),
    "neither": (b"hello\n", "neither a HAR nor the text of an event stream"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_har_is_refused_in_a_sentence(what: str) -> None:
    document, sentence = BROKEN[what]
    with pytest.raises(SseproxyError, match=sentence):
        imported(document)
