"""cassettes/captures: what record_cassettes left there."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import sseproxy.cassette
from sseproxy.analysis.validate import findings
from sseproxy.cassette.store import find, load
from tests.e2e.record_cassettes import FOLDER, differences
from tests.support.captures import captures

CASSETTES = {path.name.removesuffix(".sse.jsonl"): path for path in find([FOLDER])}
SCHEMA = Path(sseproxy.cassette.__file__).parent / "cassette.schema.json"
every_cassette = pytest.mark.parametrize("name", CASSETTES)


def test_each_capture_has_its_cassette() -> None:
    assert sorted(CASSETTES) == sorted(captures())


@every_cassette
def test_a_cassette_keeps_to_the_schema(name: str) -> None:
    if not SCHEMA.exists():
        pytest.skip("there is no schema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for line in CASSETTES[name].read_bytes().splitlines():
        validator.validate(json.loads(line))


@every_cassette
def test_a_cassette_is_whole_and_not_odd(name: str) -> None:
    exchange = load(CASSETTES[name])
    assert findings(exchange) == []
    assert exchange.ending.whole


@every_cassette
def test_a_cassette_holds_the_capture_read_for_read(name: str) -> None:
    capture = captures()[name]
    assert load(CASSETTES[name]).body == capture.response().body
    assert differences(capture, CASSETTES[name]) == []
