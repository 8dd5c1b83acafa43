"""A user's own rules, and what is wrong with them, in one line."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, unquote_to_bytes

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.redaction import own_rules
from sseproxy.redaction.scanner import Scanner

WHERE = "sseproxy.toml: [redact]"


def test_all_kinds_of_rules() -> None:
    rules = own_rules(
        {
            "names": ["tenant"],
            "keep": ["cookie"],
            "json": ["$.user.email"],
            "patterns": {"employee": "EMP-[0-9]+"},
        },
        WHERE,
        {"PASS": "swordfish"},
    )
    assert rules.is_header(b"Tenant")
    assert rules.is_field(b"TENANT")
    assert not rules.is_header(b"Cookie")
    assert rules.is_header(b"Authorization")
    assert [path.text for path in rules.paths] == ["$.user.email"]
    result = Scanner(rules.plain).feed(b'EMP-12 swordfish {"tenant":"a"}', final=True)
    assert result.data == b'[redac [redacted {"tenant":"["}'
    assert [mark.name for mark in result.marks] == ["employee", "env.PASS", "body.tenant"]


@pytest.mark.parametrize("secret", ["swordfish", 'c4n/"ry', "tr0ub4dor&3", "\N{SNOWMAN}" * 4, "abcdef"])
@pytest.mark.parametrize("before", ["", "u:", "joe:"])
@pytest.mark.parametrize("behind", ["", ":x"])
def test_a_known_secret_is_found_in_base64(secret: str, before: str, behind: str) -> None:
    rules = own_rules({}, WHERE, {"PASS": secret})
    joined = (before + secret + behind).encode()
    for coded in (b64encode(joined), urlsafe_b64encode(joined), quote(b64encode(joined), safe="").encode()):
        text = b'{"h":"x ' + coded + b'"}'
        result = Scanner(rules.plain).feed(text, final=True)
        (mark,) = result.marks
        assert mark.name == "env.PASS"
        letters = unquote_to_bytes(text[mark.start : mark.stop])
        assert 6 * len(letters) > 8 * len(secret.encode()) - 12  # all but those that others share
        for at in range(len(text)):
            scanner = Scanner(rules.plain)
            parts = [scanner.feed(text[:at]), scanner.feed(text[at:], final=True)]
            assert b"".join(part.data for part in parts) == result.data


@pytest.mark.parametrize("secret", ["pässword-é1", "éàü-secret", "\N{SNOWMAN}1\N{GRINNING FACE}xyz"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_known_secret_is_found_however_json_escapes_its_characters(secret: str, escaped: bool) -> None:
    rules = own_rules({}, WHERE, {"PASS": secret})
    text = secret
    for _ in range(2):
        text = json.dumps(text, ensure_ascii=escaped)[1:-1]
        document = f"is {text} so".encode()
        scanner = Scanner(rules.plain)
        whole = scanner.feed(document, final=True)
        assert [document[mark.start : mark.stop].decode() for mark in whole.marks] == [text]
        for at in range(len(document)):
            scanner = Scanner(rules.plain)
            parts = [scanner.feed(document[:at]), scanner.feed(document[at:], final=True)]
            assert b"".join(part.data for part in parts) == whole.data, at


def test_without_any_the_built_in_ones_hold() -> None:
    rules = own_rules({}, WHERE)
    assert rules.is_header(b"Cookie")
    assert not rules.is_header(b"Tenant")


def test_one_name_need_not_be_a_list() -> None:
    assert own_rules({"names": "tenant"}, WHERE).is_member(b"tenant")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"name": ["a"]}, "no rule is called 'name'; did you mean 'names'?"),
        ({"x": 1}, "no rule is called 'x'; there are names, keep, json, patterns"),
        ({"names": 1}, "'names' should be a list of strings"),
        ({"names": [1]}, "'names' should be a list of strings"),
        ({"names": [""]}, "'names' should be a list of strings"),
        ({"json": ["a.b"]}, "'a.b' is no JSONPath: expected 'TOKEN_ROOT', found 'TOKEN_NAME'"),
        ({"patterns": ["a"]}, "'patterns' should be a table of names and regular expressions"),
        ({"patterns": {"a": 1}}, "'patterns' should be a table of names and regular expressions"),
        ({"patterns": {"a": "("}}, "'a' is no regular expression: missing ) at position 1"),
        ({"patterns": {"a": "x*"}}, "'a' matches nothing at all, which is everywhere"),
    ],
)
def test_what_is_no_rule_is_told(table: dict[str, object], sentence: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        own_rules(table, WHERE)
    assert str(caught.value) == f"{WHERE}: {sentence}"


def test_a_secret_that_is_too_short_is_refused_without_being_told() -> None:
    with pytest.raises(SseproxyError) as caught:
        own_rules({}, WHERE, {"PASS": "abc"})
    assert str(caught.value) == "the secret in PASS has 3 bytes: too short to be told from other text"
