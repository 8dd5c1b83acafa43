"""`sseproxy replay`, with clients as users have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import urllib3

from sseproxy.exchange import Ending, Exchange, Framing
from tests.cli.builder import ASKED, EVENTS, TARGET, save, stream, unanswered
from tests.cli.support import PATIENCE, Server, serving

BODY = b"".join(EVENTS)


def get(path: str, value: Exchange) -> Exchange:
    """The same exchange for another request."""
    assert value.request
    return replace(value, request=replace(value.request, method="GET", target=path.encode(), body=b""))


def of_session(session: str, wall: str, body: bytes) -> Exchange:
    value = get("/twice", stream(body, id=session, wall=wall))
    return replace(value, head=replace(value.head, session=session))


LIBRARY = {
    "stream": stream(),
    "truncated": get("/truncated", stream(ending=Ending.TRUNCATED)),
    "incomplete": get("/incomplete", stream(ending=None)),
    "secret": get("/secret?token=[redacted]", stream()),
    "late": get("/late", unanswered(Ending.UPSTREAM_TIMEOUT, "no answer within 5 s")),
    "old": of_session("A", "2026-01-01T00:00:00.000000Z", b"data: old\n\n"),
    "new": of_session("B", "2026-01-02T00:00:00.000000Z", b"data: new\n\n"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    for name, value in LIBRARY.items():
        save(folder, value, f"{name}.sse.jsonl" + ("" if value.end else ".part"))
    return folder


@pytest.fixture(scope="module")
def mock(library: Path) -> Iterator[Server]:
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        yield server


def test_a_request_gets_the_recorded_bytes_however_its_json_is_written(mock: Server) -> None:
    assert ASKED == b'{"question":"Hi","streaming":true}'
    answer = requests.post(
        mock.url + TARGET.decode(), json={"streaming": True, "question": "Hi"}, timeout=PATIENCE
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert answer.content == BODY


@pytest.mark.parametrize("name", ["truncated", "incomplete"])
def test_a_stream_that_was_cut_is_cut_again(mock: Server, name: str) -> None:
    with requests.get(f"{mock.url}/{name}", stream=True, timeout=PATIENCE) as answer:
        assert answer.raw.read(len(BODY)) == BODY
        with pytest.raises(urllib3.exceptions.ProtocolError):
            answer.raw.read()


def test_a_masked_value_matches_any_credential(mock: Server) -> None:
    assert requests.get(f"{mock.url}/secret?token=sk-1", timeout=PATIENCE).content == BODY


MISSES = {
    "another body": (
        "POST",
        TARGET.decode(),
        "POST /api/v1/prediction/5f0c: the nearest cassette differs in $.question, $.streaming",
    ),
    "another method": (
        "GET",
        "/api/v1/prediction/5f0c",
        "GET /api/v1/prediction/5f0c: its path was recorded with POST only",
    ),
    "another path": ("GET", "/none", "GET /none: its path was never recorded"),
    "a secret in the query": ("GET", "/none?token=sk-1", "GET /none?token=[redacted]: "),
}


@pytest.mark.parametrize(("method", "target", "sentence"), MISSES.values(), ids=list(MISSES))
def test_a_miss_is_404_and_says_why(mock: Server, method: str, target: str, sentence: str) -> None:
    answer = requests.request(method, mock.url + target, data="{}", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["X-Sseproxy-Miss"]) == (404, "1")
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"].startswith(f"no cassette answers {sentence}")
    assert (problem["type"], problem["status"]) == ("urn:sseproxy:miss", 404)
    assert "sk-1" not in answer.text


@pytest.mark.parametrize(
    ("options", "bodies"),
    [((), ["new", "new", "new"]), (("--session", "all"), ["old", "new", "new"])],
    ids=["the newest session alone", "all sessions one after the other"],
)
def test_who_answers_a_request_that_was_recorded_twice(
    library: Path, options: tuple[str, ...], bodies: list[str]
) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", *options) as server:
        got = [requests.get(f"{server.url}/twice", timeout=PATIENCE).text for _ in bodies]
    assert got == [f"data: {body}\n\n" for body in bodies]


def test_one_file_is_a_library_too_and_is_counted(tmp_path: Path) -> None:
    path = save(tmp_path, get("/one", stream()))
    with serving("replay", "--speed", "2.5", env={"SSEPROXY_CASSETTES": str(path)}) as server:
        assert requests.get(f"{server.url}/one", timeout=PATIENCE).content == BODY


def test_the_log_tells_hits_and_misses_and_no_secret(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        for path in ("/secret?token=sk-1", "/none?token=sk-1"):
            requests.get(server.url + path, timeout=PATIENCE)
        stopped = server.stop()
    hit, miss, *_ = stopped.err.splitlines()
    assert " GET /secret?token=" in hit
    assert " warning: miss: no cassette answers GET /none?token=[redacted]" in miss
    assert "sk-1" not in stopped.err


PAGE = {"Origin": "http://page.test"}
ASKS_LEAVE = {
    **PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}


def cors(answer: requests.Response) -> dict[str, str]:
    """The headers that a browser asks before it lets a page read."""
    prefix = "Access-Control-Allow-"
    return {
        name.removeprefix(prefix): value for name, value in answer.headers.items() if name.startswith(prefix)
    }


def test_a_recording_without_pages_serves_a_page_of_any_origin(mock: Server) -> None:
    url = mock.url + TARGET.decode()
    leave = requests.options(url, headers=ASKS_LEAVE, timeout=PATIENCE)
    assert (leave.status_code, leave.content) == (204, b"")
    assert cors(leave) == {
        "Origin": "http://page.test",
        "Credentials": "true",
        "Methods": "POST",
        "Headers": "content-type",
    }
    answer = requests.post(url, data=ASKED, headers=PAGE, timeout=PATIENCE)
    assert answer.content == BODY
    assert cors(answer) == {"Origin": "http://page.test", "Credentials": "true"}


def test_a_page_can_read_why_it_missed(mock: Server) -> None:
    answer = requests.get(f"{mock.url}/none", headers=PAGE, timeout=PATIENCE)
    assert (answer.status_code, cors(answer)["Origin"]) == (404, "http://page.test")
    assert "X-Sseproxy-Miss" in answer.headers["Access-Control-Expose-Headers"]


def test_a_page_gets_leave_for_what_was_not_recorded_or_it_could_not_read_why(mock: Server) -> None:
    headers = ASKS_LEAVE | {"Access-Control-Request-Method": "PUT"}
    granted = {TARGET.decode(): "POST, PUT", "/none": "PUT"}
    for path, methods in granted.items():
        leave = requests.options(mock.url + path, headers=headers, timeout=PATIENCE)
        assert (leave.status_code, cors(leave)["Methods"]) == (204, methods)
        answer = requests.put(mock.url + path, headers=PAGE, timeout=PATIENCE)
        assert (answer.status_code, cors(answer)["Origin"]) == (404, "http://page.test")
    # What no browser asks of itself is a request like others.
    answer = requests.options(mock.url + TARGET.decode(), headers=PAGE, timeout=PATIENCE)
    assert (answer.status_code, answer.headers["X-Sseproxy-Miss"]) == (404, "1")


def test_a_page_can_read_what_the_recorder_said_itself(mock: Server) -> None:
    answer = requests.get(f"{mock.url}/late", headers=PAGE, timeout=PATIENCE)
    assert (answer.status_code, answer.text) == (504, "sseproxy: no answer within 5 s\n")
    assert cors(answer)["Origin"] == "http://page.test"
    assert cors(requests.get(f"{mock.url}/late", timeout=PATIENCE)) == {}


def test_a_page_can_read_that_a_cassette_can_not_be_played(tmp_path: Path) -> None:
    path = save(tmp_path, get("/odd", stream()))
    path.write_bytes(path.read_bytes().replace(b'"framing":"chunked"', b'"framing":"odd"'))
    with serving("replay", "--cassettes", tmp_path, "--speed", "max") as server:
        answer = requests.get(f"{server.url}/odd", headers=PAGE, timeout=PATIENCE)
        server.stop()
    assert (answer.status_code, cors(answer)["Origin"]) == (500, "http://page.test")
    assert ":3: `response` record: `framing`" in answer.text


def test_a_preflight_that_was_recorded_is_played_for_the_page_that_asks(tmp_path: Path) -> None:
    value = stream()
    assert value.request
    assert value.response
    fields = (
        (b"Access-Control-Allow-Origin", b"http://other.test"),
        (b"Access-Control-Allow-Methods", b"GET,POST"),
    )
    recorded = replace(
        value,
        request=replace(value.request, method="OPTIONS", body=b""),
        response=replace(value.response, status=204, headers=fields, framing=Framing.NONE),
        arrivals=(),
    )
    save(tmp_path, recorded)
    with serving("replay", "--cassettes", tmp_path, "--speed", "max") as server:
        answer = requests.options(server.url + TARGET.decode(), headers=ASKS_LEAVE, timeout=PATIENCE)
    assert (answer.status_code, cors(answer)) == (204, {"Origin": "http://page.test", "Methods": "GET,POST"})


def test_no_cors_leaves_the_recorded_answers_alone(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", "--no-cors") as server:
        url = server.url + TARGET.decode()
        assert requests.options(url, headers=ASKS_LEAVE, timeout=PATIENCE).status_code == 404
        answer = requests.post(url, data=ASKED, headers=PAGE, timeout=PATIENCE)
    assert (answer.content, cors(answer)) == (BODY, {})
