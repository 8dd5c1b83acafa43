"""What is fresh in each run, folded: ids and times make no difference, how they are used does.

The first chat's id becomes `⟨chat⟩`, a second one's `⟨chat 2⟩`: where one run says the same id twice and the
other two ids, they differ.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import orjson

from sseproxy.analysis.story import Story

_ALSO_FRESH = frozenset({"tool_call", "item", "part"})
"""Names of ids that are no constant of their stream and fresh all the same."""
_SHORTEST = 4
"""Characters. A shorter value is a number of something, more likely than an id."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_DEEPEST = 100
"""Levels of JSON: whatever is nested deeper was made to break something."""
_TIMES = frozenset({"created", "created_at", "createdAt"})
"""Members that hold a time as a number: OpenAI's chunks and responses."""

_FRESH = frozenset({"date", "age", "etag", "last-modified", "cf-ray", "traceparent"})
_FRESH_ENDS = ("request-id", "trace-id", "correlation-id", "-processing-ms", "-requests", "-tokens")
"""Names and ends of names of header fields that have a fresh value in each message."""


class Folding:
    """Folds the values of one exchange; names are given in the order in which values are met.

    `uuids`: also what only looks like an id. Not in requests, which name flows so.
    """

    def __init__(self, story: Story, *, uuids: bool = True) -> None:
        self._uuids = uuids
        fresh = story.dialect.constant | _ALSO_FRESH
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)
        for name, value in story.named:
            if len(value) >= _SHORTEST and (name in fresh or (name, value) in story.asked):
                self._name(name, value)

    def _name(self, name: str, value: str) -> str:
        if value not in self._names:
            self._counts[name] += 1
            number = self._counts[name]
            self._names[value] = f"⟨{name} {number}⟩" if number > 1 else f"⟨{name}⟩"
        return self._names[value]

    def text(self, text: str) -> str:
        """Plain text: an id alone, UUIDs and times anywhere."""
        if text in self._names:
            return self._names[text]
        if self._uuids:
            text = _UUID.sub(lambda match: self._name("uuid", match[0].lower()), text)
        return _TIME.sub("⟨time⟩", text)

    def field(self, name: str, value: str) -> str:
        """The value of a header field, whose name is in lower case."""
        return "⟨fresh⟩" if name in _FRESH or name.endswith(_FRESH_ENDS) else self.text(value)

    def value(self, value: Any, depth: int = 0) -> Any:
        """A JSON value. Raises RecursionError for one that is nested too deep."""
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(each, depth + 1) for each in value]
        if isinstance(value, dict):
            return {
                name: "⟨time⟩"
                if name in _TIMES and isinstance(inner, int | float)
                else self.value(inner, depth + 1)
                for name, inner in value.items()
            }
        return value

    def data(self, data: str | bytes) -> Any:
        """What data holds: a JSON object's or list's value; what is none, or nested too deep, is text."""
        if data[:1] in ("{", "[", b"{", b"["):
            try:
                return self.value(orjson.loads(data))
            except (orjson.JSONDecodeError, RecursionError):
                pass
        return self.text(data if isinstance(data, str) else data.decode("utf-8", "backslashreplace"))


def leaves(value: Any, path: str = "$") -> dict[str, object]:
    """The leaves of a JSON value by their JSONPath; an empty object or list is a leaf."""
    if isinstance(value, dict) and value:
        inner = ((_member(path, name), each) for name, each in value.items())
    elif isinstance(value, list) and value:
        inner = ((f"{path}[{index}]", each) for index, each in enumerate(value))
    else:
        return {path: value}
    return {place: leaf for step, each in inner for place, leaf in leaves(each, step).items()}


def _member(path: str, name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    return f"{path}.{name}" if plain else f"{path}[{orjson.dumps(name).decode()}]"


def spelled(leaf: object) -> str:
    """A leaf as JSON; a placeholder as it is."""
    return orjson.dumps(leaf).decode()
