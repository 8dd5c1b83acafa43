"""A user's own rules: the table `[redact]` of the configuration file, and secrets from the environment."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import regex

from sseproxy.errors import SseproxyError
from sseproxy.redaction.paths import Path, compile_path
from sseproxy.redaction.rules import Rules

SHORTEST_SECRET = 6
"""Bytes. A shorter value (`1`, `true`) stands in each text by chance."""

_KEYS = ("names", "keep", "json", "patterns")


def own_rules(table: object, where: str, secrets: Mapping[str, str] | None = None) -> Rules:
    """The built-in rules with these. `where`: what an error calls the table; `secrets` by their names.

    Raises SseproxyError for what is no rule.
    """
    if not isinstance(table, Mapping):
        raise SseproxyError(f"{where} should be a table")
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(_KEYS)}"
            raise SseproxyError(f"{where}: no rule is called {key!r}{hint}")
    return Rules(
        names=_texts(table, "names", where),
        keep=_texts(table, "keep", where),
        paths=[_path(text, where) for text in _texts(table, "json", where)],
        patterns=_patterns(table, where),
        secrets=_secrets(secrets or {}),
    )


def _texts(table: Mapping[str, object], key: str, where: str) -> list[str]:
    value = table.get(key, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Iterable) or not all(isinstance(each, str) and each for each in value):
        raise SseproxyError(f"{where}: {key!r} should be a list of strings")
    return list(value)


def _path(text: str, where: str) -> Path:
    try:
        return compile_path(text)
    except ValueError as error:
        raise SseproxyError(f"{where}: {text!r} is no JSONPath: {error}") from None


def _patterns(table: Mapping[str, object], where: str) -> dict[str, regex.Pattern[bytes]]:
    value = table.get("patterns", {})
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
        raise SseproxyError(f"{where}: 'patterns' should be a table of names and regular expressions")
    return {name: _pattern(name, text, where) for name, text in value.items()}


def _pattern(name: str, text: str, where: str) -> regex.Pattern[bytes]:
    try:
        pattern = regex.compile(text.encode())
    except regex.error as error:
        raise SseproxyError(f"{where}: {name!r} is no regular expression: {error}") from None
    if pattern.match(b""):
        raise SseproxyError(f"{where}: {name!r} matches nothing at all, which is everywhere")
    return pattern


def _secrets(values: Mapping[str, str]) -> dict[str, bytes]:
    for name, value in values.items():
        size = len(value.encode("utf-8", "surrogateescape"))
        if size < SHORTEST_SECRET:
            raise SseproxyError(
                f"the secret in {name} has {size} bytes: too short to be told from other text"
            )
    return {f"env.{name}": value.encode("utf-8", "surrogateescape") for name, value in values.items()}
