"""Rules, scopes, statuses and leftovers of `replay`; `why` and `audit`."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from sseproxy.exchange import Exchange
from tests.cli.builder import EVENTS, TARGET, save, stream
from tests.cli.support import PATIENCE, complaint, serving, sseproxy

BODY = b"".join(EVENTS)
URL = TARGET.decode()


def asking(id: str, body: bytes, second: int = 0) -> Exchange:
    value = stream(id.encode(), id=id, wall=f"2026-11-23T00:00:{second:02}.000000Z")
    assert value.request
    return replace(value, request=replace(value.request, body=body))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "cassettes"
    save(folder, asking("A1", b'{"question":"a","chatId":"x"}', 1))
    save(folder, asking("A2", b'{"question":"a","chatId":"x"}', 2))
    save(folder, asking("B", b'{"question":"b"}', 3))
    return folder


def post(url: str, body: str, **headers: str) -> requests.Response:
    return requests.post(url + URL, data=body, headers=headers, timeout=PATIENCE)


def test_an_id_that_is_folded_is_named(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        exact = post(server.url, '{"question":"a","chatId":"x"}')
        folded = post(server.url, '{"question":"a","chatId":"y"}')
        err = server.stop().err
    assert (exact.text, exact.headers.get("X-Sseproxy-Folded")) == ("A1", None)
    assert (folded.text, folded.headers["X-Sseproxy-Folded"]) == ("A1", "prediction $.chatId")
    assert "POST /api/v1/prediction/5f0c 200, clean, but for prediction $.chatId [A1]\n" in err


def test_strictly_it_is_a_miss_with_the_status_that_is_wished(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--strict", "--on-miss", "599") as server:
        answer = post(server.url, '{"question":"a","chatId":"y"}')
    assert (answer.status_code, answer.headers["X-Sseproxy-Miss"]) == (599, "1")
    assert answer.json()["status"] == 599
    nearest = answer.json()["nearest"][0]
    assert nearest["differences"] == [{"place": "$.chatId", "recorded": '"x"', "asked": '"y"'}]
    record = f"sseproxy record --record-mode new_episodes --upstream URL --cassettes {library}"
    assert answer.json()["to_record_it"] == record


@pytest.mark.parametrize(
    ("exhausted", "expected"), [("last", "A1 A2 A2"), ("loop", "A1 A2 A1"), ("miss", "A1 A2 404")]
)
def test_what_comes_too_often(library: Path, exhausted: str, expected: str) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", "--exhausted", exhausted) as server:
        answers = [post(server.url, '{"question":"a","chatId":"x"}') for _ in range(3)]
    assert " ".join(each.text if each.ok else str(each.status_code) for each in answers) == expected


def test_a_scope_has_its_own_sequence_and_does_not_count(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        body = '{"question":"a","chatId":"x"}'
        scopes = ["one", "two", "one", "two"]
        got = [post(server.url, body, **{"X-Sseproxy-Scope": scope}).text for scope in scopes]
        assert post(server.url, body).text == "A1"
    assert got == ["A1", "A1", "A2", "A2"]


@pytest.mark.parametrize(
    ("options", "status", "told"), [((), 0, True), (("-q",), 0, False), (("-q", "--fail-unplayed"), 1, True)]
)
def test_leftovers_are_listed(library: Path, options: tuple[str, ...], status: int, told: bool) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", *options) as server:
        post(server.url, '{"question":"a","chatId":"x"}')
        stopped = server.stop()
    assert stopped.status == status
    leftovers = (
        f"sseproxy: 2 cassettes were never asked for:\n  {library}/A2.sse.jsonl\n  {library}/B.sse.jsonl\n"
    )
    assert (leftovers in stopped.err) == told


def test_nothing_left_is_no_failure(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", "--fail-unplayed") as server:
        for body in ('{"question":"a","chatId":"x"}', '{"question":"a","chatId":"y"}', '{"question":"b"}'):
            post(server.url, body)
        post(server.url, '{"question":"a","chatId":"x"}')
        stopped = server.stop()
    assert (stopped.status, "never asked" in stopped.err) == (0, False)


def test_of_many_leftovers_the_first_are_listed(tmp_path: Path) -> None:
    for number in range(25):
        save(tmp_path, asking(f"{number:02}", b'{"n":%d}' % number))
    with serving("replay", "--cassettes", tmp_path) as server:
        lines = server.stop().err.splitlines()
    assert lines[0] == "sseproxy: 25 cassettes were never asked for:"
    assert (len(lines), lines[-1]) == (22, "  and 5 more")


def test_a_cassette_that_breaks_meanwhile_is_told_to_client_log_and_shell(library: Path) -> None:
    path = library / "B.sse.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    more = b'{"k":"of another program","content":"%b"}\n' % bytes(5 * 2**20).hex().encode()
    path.write_bytes(b"".join([*lines[:-1], more, lines[-1]]))  # so large that it is not read ahead
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        path.write_bytes(path.read_bytes().replace(b'"reason":"clean"', b'"reason":"odd"'))
        answer = post(server.url, '{"question":"b"}')
        stopped = server.stop()
    assert answer.status_code == 500
    assert answer.text.startswith(f"sseproxy: {path}:6: `end` record: `reason` should be one of")
    assert f"error: a cassette can't be played: {path}:6: " in stopped.err
    assert stopped.status == 2


RULES = {
    "sseproxy.toml": '[match]\nignore = ["$.chatId", "$.trace"]\n',
    "pyproject.toml": '[tool.sseproxy.match]\nignore = "$.trace"\n',
    "route": '[[match.route]]\nfor = "POST /api/*"\nignore = "$.trace"\n',
}


@pytest.mark.parametrize("name", RULES)
def test_rules_are_taken_from_the_configuration(
    library: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / (name if "." in name else "sseproxy.toml")).write_text(RULES[name])
    monkeypatch.chdir(tmp_path)
    with serving("replay", "--cassettes", library, "--speed", "max") as server:
        assert post(server.url, '{"question":"b","trace":"1"}').text == "B"
        assert post(server.url, '{"question":"b","other":"1"}').status_code == 404


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "sseproxy.toml",
            "[match]\nignore = 'chatId'",
            "sseproxy.toml: [match]: ignore: 'chatId' names no part ",
        ),
        ("sseproxy.toml", "match = 1", "sseproxy.toml: [match]: should be a table"),
        (
            "pyproject.toml",
            "[tool.sseproxy.match]\nvalues = {path = '('}",
            "pyproject.toml: [tool.sseproxy.match]: values: path: '(' is no regular expression",
        ),
    ],
)
@pytest.mark.parametrize("command", ["replay", "why x", "audit x", "record --upstream demo"])
def test_a_bad_rule_is_one_line(tmp_path: Path, name: str, text: str, said: str, command: str) -> None:
    (tmp_path / name).write_text(text)
    assert complaint(sseproxy(*command.split(), cwd=tmp_path)).startswith(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-age", "7"), "'7' is no age: it should be like 30m, 12h, 7d or 4w."),
        (("--on-miss", "200"), "200 is not in the range 400<=x<=599."),
        (("--exhausted", "never"), "'never' is not one of 'last', 'loop', 'miss'."),
    ],
)
def test_a_bad_option_is_one_line(options: tuple[str, ...], said: str) -> None:
    assert said in complaint(sseproxy("replay", *options))


def why(library: Path, *asked: str | Path) -> tuple[int, list[str]]:
    outcome = sseproxy("why", "--cassettes", library, *asked)
    assert outcome.err == ""
    return outcome.status, outcome.out.splitlines()


def test_why_takes_a_cassette_a_file_and_a_curl_command(library: Path, tmp_path: Path) -> None:
    hit = (0, [f"POST {URL} is answered by {library}/B.sse.jsonl"])
    assert why(library, library / "B.sse.jsonl") == hit
    assert why(tmp_path, library / "B.sse.jsonl", "--cassettes", library, "--strict") == hit
    request = tmp_path / "request.json"
    for value in (
        {"method": "POST", "url": URL, "body": {"question": "b"}},
        {"url": f"http://localhost{URL}", "headers": {"A": "b"}, "body": '{ "question": "b" }'},
        {"k": "request", "method": "POST", "target": URL, "headers": [["A", "b"]],
         "body": {"b64": "eyJxdWVzdGlvbiI6ImIifQ==", "bytes": 16}},
    ):  # fmt: skip
        request.write_text(json.dumps(value))
        assert why(library, request) == hit
    words = ["curl", "-N", f"http://localhost{URL}", "--json", '{"question":"b"}']
    assert why(library, *words) == hit
    assert why(library, shlex.join(words)) == hit
    assert why(tmp_path, *words, f"--cassettes={library}") == hit
    assert (
        json.loads(sseproxy("why", shlex.join(words), "--json", "--cassettes", library).out)["folded"] == []
    )


@pytest.mark.parametrize("argument", ["a.json", "curl"])
def test_why_complains_of_options_that_are_none(argument: str) -> None:
    assert "No such option" in complaint(sseproxy("why", "--strickt", argument))
    assert "requires an argument" in complaint(sseproxy("why", argument, "--cassettes"))


def test_why_names_what_was_folded(library: Path) -> None:
    status, told = why(library, "curl", f"http://h{URL}", "-d", '{"question":"a","chatId":"new"}')
    assert (status, told) == (
        0,
        [
            f"POST {URL} is answered by {library}/A1.sse.jsonl",
            "  but for prediction $.chatId, an id that is folded (with --strict it would be a miss)",
        ],
    )


def test_why_not(library: Path) -> None:
    words = [
        "curl",
        f"http://h{URL}?token=sk-1",
        "-d",
        '{"question":"c"}',
        "-H",
        "Authorization: Bearer sk-1",
    ]
    status, told = why(library, *words)
    assert (status, told[0]) == (
        1,
        f"no cassette answers POST {URL}?token=[redacted]:"
        " the nearest cassette differs in $.question, query.token",
    )
    assert told[1] == f"  1. {library}/B.sse.jsonl (status 200)"
    assert "sk-1" not in "".join(told)
    record = f"sseproxy record --record-mode new_episodes --upstream URL --cassettes {library}"
    assert told[-1] == f"  to record this request: {record}"
    outcome = sseproxy("why", "--json", "--cassettes", library, *words)
    assert json.loads(outcome.out)["type"] == "urn:sseproxy:miss"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "neither a cassette nor JSON: "),
        ("[]", "should be an object with `url`, and `method`, `headers`, `body`"),
        (
            '{"method":"GET"}',
            "should be an object with `url`, and `method`, `headers`, `body`;"
            " REQUEST is one cassette, such a JSON file, or a curl command",
        ),
        ('{"url":"/","headers":[1]}', "`headers` or `body` can't be understood"),
        ('{"url":"/","body":{"b64":"!","bytes":1}}', "`headers` or `body` can't be understood"),
    ],
)
def test_a_request_that_is_none_is_said(library: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "request.json"
    path.write_text(text)
    assert complaint(sseproxy("why", "--cassettes", library, path)).startswith(f"{path}: {said}")


def test_a_curl_command_that_is_none_is_said(library: Path) -> None:
    outcome = sseproxy("why", "--cassettes", library, "curl 'http://x")
    assert complaint(outcome) == "the curl command can't be read: No closing quotation"
    assert "one REQUEST at a time" in complaint(sseproxy("why", "--cassettes", library, "a", "b"))
    missing = complaint(sseproxy("why", "--cassettes", library, "none.json"))
    assert missing == "none.json: can't be read: No such file or directory"
    folder = complaint(sseproxy("why", "--cassettes", library, library))
    may_be = "REQUEST is one cassette, such a JSON file, or a curl command"
    assert folder == f"{library}: can't be read: Is a directory; {may_be}"


def test_audit_is_a_table(library: Path) -> None:
    outcome = sseproxy("audit", library)
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "PLACE               CHANGES  UNNOTICED  WHY",
        "$.chatId                  4          2  folded: prediction $.chatId",
        "$ (a new name)            3          0",
        "$.question                6          0",
        "method                    3          0",
        "path                      3          0",
        "query (a new item)        3          0",
        "",
        "unnoticed: $.chatId with another value (folded: prediction $.chatId), in",
        f"  {library}/A1.sse.jsonl",
        f"  {library}/A2.sse.jsonl",
    ]
    assert outcome.err == "2 of 22 changes would go unnoticed\n"
    listed = json.loads(sseproxy("audit", "--json", "--strict", library).out)
    assert {each["unnoticed"] for each in listed} == {0}


def test_audit_counts_the_headers_that_are_not_compared(tmp_path: Path) -> None:
    (tmp_path / "sseproxy.toml").write_text('[match]\nheaders = ["X-Tenant"]\nignore = ["$.question"]\n')
    headers = ((b"Accept", b"*/*"), (b"X-Tenant", b"a"), (b"User-Agent", b"curl"))
    for number in range(7):
        value = asking(str(number), b'{"question":"a","n":%d}' % number)
        assert value.request
        save(tmp_path, replace(value, request=replace(value.request, headers=headers)))
    outcome = sseproxy("audit", ".", cwd=tmp_path)
    lines = outcome.out.splitlines()
    assert lines[1] == "$.question               14         14  ignored by a rule"
    assert "header.x-tenant          14          0" in lines
    assert "2 headers                28         28  not compared: accept, user-agent" in lines
    told = lines[lines.index("") :]
    cassettes = [*(f"  {number}.sse.jsonl" for number in range(5)), "  and 2 more"]
    assert told == [
        *("", "unnoticed: $.question with another value (ignored by a rule), in", *cassettes),
        *("", "unnoticed: $.question left out (ignored by a rule), in", *cassettes),
    ]
    end = "changes would go unnoticed, and any of 2 headers that no rule compares\n"
    assert outcome.err.endswith(end)
    (found,) = (
        each
        for each in json.loads(sseproxy("audit", "--json", ".", cwd=tmp_path).out)
        if each["place"] == "$.question"
    )
    assert [(each["change"], len(each["cassettes"])) for each in found["found"]] == [
        ("with another value", 7),
        ("left out", 7),
    ]


def test_workers_count_as_one(library: Path) -> None:
    with serving("replay", "--cassettes", library, "--speed", "max", "--workers", "2") as server:
        # A connection each, so that both have some.
        got = [post(server.url, '{"question":"a","chatId":"x"}').text for _ in range(8)]
        stopped = server.stop()
    assert got == ["A1", *["A2"] * 7]
    assert f"sseproxy: 1 cassette was never asked for:\n  {library}/B.sse.jsonl\n" in stopped.err
