"""cassettes/captures, which record_cassettes made, and cassettes/takeover, recorded from the real server."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import sseproxy.cassette
from sseproxy.analysis.validate import findings
from sseproxy.cassette.store import find, load
from tests.e2e.record_cassettes import FOLDER, differences
from tests.lint.streams import TAKEOVER
from tests.support.captures import captures

CASSETTES = {path.name.removesuffix(".sse.jsonl"): path for path in find([FOLDER])}
SCHEMA = Path(sseproxy.cassette.__file__).parent / "cassette.schema.json"
every_cassette = pytest.mark.parametrize("name", CASSETTES)
these_and_others = pytest.mark.parametrize(
    "path", [*CASSETTES.values(), *find([TAKEOVER])], ids=lambda path: path.name
)


def test_each_capture_has_its_cassette() -> None:
    assert sorted(CASSETTES) == sorted(captures())


@these_and_others
def test_a_cassette_keeps_to_the_schema(path: Path) -> None:
    if not SCHEMA.exists():
        pytest.skip("there is no schema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for line in path.read_bytes().splitlines():
        validator.validate(json.loads(line))


@these_and_others
def test_a_cassette_is_not_odd(path: Path) -> None:
    assert findings(load(path)) == []


@every_cassette
def test_a_cassette_is_whole(name: str) -> None:
    assert load(CASSETTES[name]).ending.whole


@every_cassette
def test_a_cassette_holds_the_capture_read_for_read(name: str) -> None:
    capture = captures()[name]
    assert load(CASSETTES[name]).body == capture.response().body
    assert differences(capture, CASSETTES[name]) == []
