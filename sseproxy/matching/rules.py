"""What of a request counts, and what does not: values that a configuration or a test makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Request
from sseproxy.matching.json_text import LIST, OBJECT
from sseproxy.matching.parts import parts_of
from sseproxy.matching.places import selector
from sseproxy.patterns import parse_pattern

_KEYS = "there are ignore, compare, headers, values (and route, under [match] itself)"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


@dataclass(frozen=True, slots=True)
class Rules:
    """Method, path, query and body are compared; these say what else is, and what is not.

    Places are named as in `matching.places`. Raises SseproxyError for a rule that can't be carried out.
    """

    ignore: tuple[str, ...] = ()
    """Places that make no difference, whatever stands there or whether anything does."""
    compare: tuple[str, ...] = ()
    """Where given, of a JSON body only these JSONPaths are compared."""
    headers: tuple[str, ...] = ()
    """Names of headers that are compared, in any case of letters."""
    values: tuple[tuple[str, str], ...] = ()
    """Places, and a regular expression: what it finds in the value there equals anything else it finds."""
    routes: tuple[tuple[str, Rules], ...] = ()
    """Rules that hold in addition where a pattern (`POST /api/*`) has the request."""

    def __post_init__(self) -> None:
        for text in (*self.ignore, *self.compare, *(text for text, _ in self.values)):
            selector(text)
        for text in self.compare:
            if not text.startswith("$"):
                raise SseproxyError(
                    f"{text!r} can't be compared alone: it should be a JSONPath such as $.question"
                )
        for name in self.headers:
            if not _TOKEN.fullmatch(name):
                raise SseproxyError(f"{name!r} is no name of a header")
        for text, expression in self.values:
            try:
                re.compile(expression)
            except re.error as error:
                raise SseproxyError(f"{text}: {expression!r} is no regular expression: {error}") from None
        for pattern, _ in self.routes:
            parse_pattern(pattern)

    def __add__(self, other: Rules) -> Rules:
        """The rules of both."""
        return Rules(
            ignore=self.ignore + other.ignore,
            compare=self.compare + other.compare,
            headers=self.headers + other.headers,
            values=self.values + other.values,
            routes=self.routes + other.routes,
        )

    def all_headers(self) -> set[str]:
        """The headers that are compared on any route."""
        return set(self.headers).union(*(rules.all_headers() for _, rules in self.routes))

    def of(self, request: Request) -> Rules:
        """The rules that hold for this request, in one."""
        if not self.routes:
            return self
        rules = replace(self, routes=())
        for pattern, added in self.routes:
            if _pattern(pattern).matches(request):
                rules += added.of(request)
        return rules

    def parts(self, request: Request) -> dict[str, str]:
        """The parts of the request that count."""
        rules = self.of(request)
        parts = parts_of(request, sorted({name.lower() for name in rules.headers}))
        if rules.compare:
            kept = {place for text in rules.compare for place in selector(text)(parts, request.body)}
            parts = {place: value for place, value in parts.items() if place[0] != "$" or place in kept}
        ignored = {place for text in rules.ignore for place in selector(text)(parts, request.body)}
        parts = {place: value for place, value in parts.items() if place not in ignored}
        for text, expression in rules.values:
            for place in selector(text)(parts, request.body):
                if parts[place] not in (OBJECT, LIST):
                    parts[place] = without(expression, parts[place])
        return parts


_pattern = lru_cache(256)(parse_pattern)


def without(expression: str, value: str) -> str:
    """The value of a part but for what the expression finds in it, and where that was."""
    tag = value[:1] if value[:1] in ('"', "=") else ""
    rest = value[len(tag) :]
    pieces = []
    at = 0
    for found in re.finditer(expression, rest):
        pieces.append(rest[at : found.start()])
        at = found.end()
    if not pieces:
        return value
    # NUL: nothing that was left as it was begins and ends like this.
    return f"\0{tag}" + json.dumps([*pieces, rest[at:]])


def parse_rules(settings: object, where: str) -> Rules:
    """The rules of a configuration's table, as docs/matching.md has it. `where` names it in errors.

    Raises SseproxyError, which names the key that is wrong.
    """
    table = _table(settings, where)
    routes = table.pop("route", [])
    if not isinstance(routes, list):
        raise SseproxyError(f"{where}: 'route' should be tables: [[match.route]]")
    rules = _rules(table, where)
    for number, each in enumerate(routes, 1):
        here = f"{where}: route {number}"
        route = _table(each, here)
        pattern = route.pop("for", None)
        if not isinstance(pattern, str):
            raise SseproxyError(f"{here}: 'for' is missing: the requests it holds for, such as 'POST /api/*'")
        rules += _made(here, routes=((pattern, _rules(route, here)),))
    return rules


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise SseproxyError(f"{where}: should be a table")
    return dict(value)


def _rules(table: Mapping[str, object], where: str) -> Rules:
    made = Rules()
    for key, value in table.items():
        if key == "values":
            if not (isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())):
                raise SseproxyError(f"{where}: 'values' should be a table of places and regular expressions")
            made += _made(f"{where}: values", values=tuple(value.items()))
        elif key in ("ignore", "compare", "headers"):
            listed = [value] if isinstance(value, str) else value
            if not (isinstance(listed, list) and all(isinstance(each, str) for each in listed)):
                raise SseproxyError(f"{where}: {key!r} should be a string or a list of them")
            made += _made(f"{where}: {key}", **{key: tuple(listed)})
        else:
            raise SseproxyError(f"{where}: no rule is called {key!r}; {_KEYS}")
    return made


def _made(where: str, **rules: Any) -> Rules:
    try:
        return Rules(**rules)
    except SseproxyError as error:
        raise SseproxyError(f"{where}: {error}") from None
