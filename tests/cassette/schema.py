"""The format's JSON Schema, found where a user of the installed package finds it."""

from __future__ import annotations

from importlib import resources
from typing import Any

import orjson
from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = orjson.loads(
    resources.files("sseproxy.cassette").joinpath("cassette.schema.json").read_bytes()
)
VALIDATOR = Draft202012Validator(SCHEMA)


def complaints(cassette: bytes) -> list[str]:
    """What the schema has against the lines of a cassette; each should be valid."""
    return [
        f"line {number}: {error.message}"
        for number, line in enumerate(cassette.splitlines(), 1)
        for error in VALIDATOR.iter_errors(orjson.loads(line))
    ]
