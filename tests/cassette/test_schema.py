"""The schema is a schema, knows the format, and refuses what is not of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from sseproxy.cassette.migrate import FORMAT, VERSION
from sseproxy.exchange import Ending, Framing

from .bad_records import BAD_HEADS, BAD_RECORDS, Bad
from .lines import (
    DATA,
    EACH,
    END,
    HEAD,
    NOTE,
    REQUEST,
    RESPONSE,
    UPLOAD,
    UPLOAD_END,
    Record,
    but,
    without,
)
from .schema import SCHEMA, VALIDATOR, complaints

FIXTURES = Path(__file__).parent.parent / "fixtures"

# The decoder does not look at what it does not use, but a recorder has to write it right.
BAD_ALL_THE_SAME: tuple[Record, ...] = (
    *(but(record, t=t) for record in EACH if "t" in record for t in (-1, 1.5, "1", None)),
    *(without(record, "t") for record in EACH if "t" in record),
    *(but(record, redacted=names) for record in EACH for names in ("a", [1], None)),
    but(HEAD, version=2),
    but(HEAD, format="har"),
    *(but(HEAD, wall=wall) for wall in ("2026-11-23 00:41:34", "2026-11-23T00:41:34Z", "now", "")),
    but(REQUEST, t=1),
    but(REQUEST, version="HTTP/1.1"),
    but(REQUEST, body={"text": "a"}),
    but(REQUEST, body={"text": "a", "bytes": -1}),
    but(RESPONSE, status=99),
    but(RESPONSE, status=1000),
    without(UPLOAD_END, "bytes"),
    but(UPLOAD_END, bytes="21"),
    but(DATA, more=1),
    but(DATA, more=None),
    but(NOTE, tags=[1]),
    but(END, reason="done"),
    but(END, reason="incomplete"),
    but(END, client="stayed"),
    {"K": "note"},
    {"k": 1},
    {},
)

GOOD: tuple[Record, ...] = (
    *EACH,
    *(but(record, redacted=[]) for record in EACH),
    *(but(record, redacted=["headers.cookie", "headers.cookie"], new={"a": [1]}) for record in EACH),
    {"k": ""},
    {"k": "chapter", "t": "whenever", "text": 1, "b64": 2},
    but(REQUEST, target={"b64": "Lw=="}, headers=[[{"b64": ""}, {"b64": "/+8="}], ["", ""]]),
    but(REQUEST, body={"b64": "/w==", "bytes": 1, "new": 0}),
    but(RESPONSE, reason="", headers=[]),
    *(but(RESPONSE, framing=framing) for framing in ("chunked", "length", "close", "none")),
    {"k": "upload", "t": 0, "b64": ""},
    but(UPLOAD_END, complete=False),
    but(DATA, text="", more=True),
    but(DATA, more=False),
    but(NOTE, tags=[]),
    but(END, trailers=[["X-Sum", {"b64": "/w=="}]], client="left", detail=""),
)


def shown(record: Record) -> str:
    return orjson.dumps(record).decode()


def test_it_is_a_valid_schema_that_names_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"].startswith("urn:")
    assert SCHEMA["title"]


def test_it_has_the_words_of_the_package() -> None:
    defs = SCHEMA["$defs"]
    assert defs["head"]["properties"]["format"]["const"] == FORMAT
    assert defs["head"]["properties"]["version"]["const"] == VERSION
    assert defs["response"]["properties"]["framing"]["enum"] == list(Framing)
    written = [ending for ending in Ending if ending is not Ending.INCOMPLETE]
    assert defs["end"]["properties"]["reason"]["enum"] == written


def test_each_kind_of_record_is_described() -> None:
    kinds = [rule["if"]["properties"]["k"]["const"] for rule in SCHEMA["allOf"]]
    assert kinds == [record["k"] for record in EACH]
    assert all(SCHEMA["$defs"][kind]["description"] for kind in kinds)


def times_and_sizes(schema: Any) -> Iterator[tuple[str, str]]:
    """(name, description) of every property that is a number."""
    if isinstance(schema, dict):
        for name, rule in schema.get("properties", {}).items():
            if rule.get("type") == "integer":
                yield name, rule.get("description", "")
        for each in schema.values():
            yield from times_and_sizes(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from times_and_sizes(each)


def test_every_number_has_its_unit() -> None:
    numbers = dict(times_and_sizes(SCHEMA))
    assert "icroseconds" in SCHEMA["$defs"]["t"]["description"]
    assert "icroseconds" in numbers.pop("session_t")
    assert "digits" in numbers.pop("status")
    assert set(numbers) == {"bytes"}
    assert "bytes" in numbers["bytes"]


@pytest.mark.parametrize("record", GOOD, ids=shown)
def test_it_allows(record: Record) -> None:
    assert complaints(orjson.dumps(record)) == []


@pytest.mark.parametrize("bad", [*BAD_HEADS, *BAD_RECORDS], ids=lambda bad: bad.name)
def test_it_refuses_what_the_decoder_refuses(bad: Bad) -> None:
    assert not VALIDATOR.is_valid(bad.record)


@pytest.mark.parametrize("record", BAD_ALL_THE_SAME, ids=shown)
def test_it_refuses(record: Record) -> None:
    assert not VALIDATOR.is_valid(record)


@pytest.mark.parametrize("value", [1, "head", ["k"], None])
def test_it_refuses_what_is_no_object(value: object) -> None:
    assert not VALIDATOR.is_valid(value)


def test_both_forms_of_content_at_once_are_refused_wherever_content_stands() -> None:
    both: Record = {"text": "", "b64": ""}
    assert not VALIDATOR.is_valid({**DATA, **both})
    assert not VALIDATOR.is_valid({**UPLOAD, **both})
    assert not VALIDATOR.is_valid(but(REQUEST, body={**both, "bytes": 0}))


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.sse.jsonl")), ids=lambda path: path.name)
def test_every_fixture_is_valid(path: Path) -> None:
    assert complaints(path.read_bytes()) == []
