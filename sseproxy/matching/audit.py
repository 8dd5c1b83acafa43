"""How strong the rules are: which changes of a recorded request would go unnoticed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sseproxy.exchange import Request, header, media_type
from sseproxy.matching.bodies import inflated
from sseproxy.matching.folding import folded_rules
from sseproxy.matching.index import Index
from sseproxy.matching.json_text import place
from sseproxy.matching.library import Library
from sseproxy.matching.multipart import multipart_parts
from sseproxy.matching.parts import parts_of
from sseproxy.matching.rules import Rules
from sseproxy.redaction import Rules as Redaction

_ANOTHER, _GONE, _MORE = "with another value", "left out", "added"


class Mutation(NamedTuple):
    """A request with one change."""

    place: str
    change: str
    """`with another value`, `left out` or `added`."""
    request: Request


class Unnoticed(NamedTuple):
    """Changes that make no difference."""

    change: str
    reason: str
    """Why they make none."""


@dataclass(slots=True)
class Strength:
    """What became of the changes at one place."""

    place: str
    changes: int = 0
    found: dict[Unnoticed, list[str]] = field(default_factory=dict)
    """The cassettes whose changed requests are answered as the requests themselves are."""

    @property
    def unnoticed(self) -> int:
        return sum(map(len, self.found.values()))

    @property
    def reasons(self) -> list[str]:
        """Why changes go unnoticed."""
        return sorted({each.reason for each in self.found})

    @property
    def is_uncompared(self) -> bool:
        """Whether it is a header that no rule compares."""
        return self.reasons == [NOT_COMPARED]


NOT_COMPARED = "not compared"


def audit(
    library: Library, rules: Rules, *, strict: bool = False, redaction: Redaction | None = None
) -> list[Strength]:
    """Changes each recorded request in each place, and asks the library. The weakest places come first."""
    index = Index(rules, strict=strict, redaction=redaction)
    numbers = []
    for number, _, request in library.requests():
        if request.complete:
            index.add(number, request)
            numbers.append(number)
    found: dict[str, Strength] = {}
    for number in numbers:
        request = inflated(library.request(number))
        for at, change, changed in mutations(request):
            strength = found.setdefault(at, Strength(at))
            strength.changes += 1
            if reason := _unnoticed(index, number, request, changed, at):
                strength.found.setdefault(Unnoticed(change, reason), []).append(library.name(number))
    return sorted(found.values(), key=lambda each: (-each.unnoticed / each.changes, each.place))


def _unnoticed(index: Index, number: int, request: Request, changed: Request, at: str) -> str:
    """Why the changed request is answered by this recording; empty where it is not."""
    parts = index.parts(changed)
    found = index.find(parts)
    if found is None or number not in found.numbers:
        return ""
    if found.folded:
        return f"folded: {', '.join(folded_rules(index.parts(request), parts))}"
    if at.startswith("header.") and at not in index.parts(request):
        return NOT_COMPARED
    plain, plain_changed = (parts_of(index.masked(each)) for each in (request, changed))
    return "masked" if plain == plain_changed else "ignored by a rule"


def mutations(request: Request) -> Iterator[Mutation]:
    """The request with one change each: a value that is another one, is gone, or is added."""
    yield Mutation("method", _ANOTHER, replace(request, method="PUT" if request.method != "PUT" else "POST"))
    path, question, query = request.target.partition(b"?")
    yield Mutation("path", _ANOTHER, replace(request, target=path + b"/x" + question + query))
    for at, change, changed in _items("query", query):
        yield Mutation(at, change, replace(request, target=path + (b"?" + changed if changed else b"")))
    for number, (name, value) in enumerate(request.headers):
        at = f"header.{name.decode('latin-1').lower()}"
        if at not in ("header.content-type", "header.content-length", "header.transfer-encoding"):
            before, after = request.headers[:number], request.headers[number + 1 :]
            changed_field = (name, value + b"x")
            yield Mutation(at, _ANOTHER, replace(request, headers=(*before, changed_field, *after)))
            yield Mutation(at, _GONE, replace(request, headers=before + after))
    for at, change, body in _bodies(request):
        yield Mutation(at, change, replace(request, body=body))


_Change = tuple[str, str, bytes]
"""The place, what is done there, and the query or body with the change."""


def _bodies(request: Request) -> Iterator[_Change]:
    body = request.body
    kind = header(request.headers, b"content-type") or b""
    if not body:
        yield "body", _MORE, b"x"
        return
    document = _document(body)
    if document is not _NO_DOCUMENT:
        yield from _documents(document)
    elif media_type(request.headers) == b"application/x-www-form-urlencoded":
        yield from _items("form", body)
    elif parts := multipart_parts(kind, body):
        yield from _multiparts(parts, body.partition(b"\r\n")[0])
    else:
        yield "body", _ANOTHER, body + b"x"
        yield "body", _GONE, b""


def _items(kind: str, query: bytes) -> Iterator[_Change]:
    items = query.split(b"&") if query else []
    for number, item in enumerate(items):
        at = f"{kind}.{item.partition(b'=')[0].decode('latin-1')}"
        others = items[:number], items[number + 1 :]
        yield at, _ANOTHER, b"&".join([*others[0], item + b"x", *others[1]])
        yield at, _GONE, b"&".join([*others[0], *others[1]])
    yield f"{kind} (a new item)", _MORE, b"&".join([*items, b"sseproxy=1"])


def _multiparts(parts: list[tuple[bytes, bytes, bytes]], boundary: bytes) -> Iterator[_Change]:
    def joined(chosen: list[tuple[bytes, bytes, bytes]]) -> bytes:
        told = [boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for _, head, content in chosen]
        return b"".join([*told, boundary + b"--\r\n"])

    for number, (name, head, content) in enumerate(parts):
        at = f"part.{name.decode('utf-8', 'replace')}"
        before, after = parts[:number], parts[number + 1 :]
        yield at, _ANOTHER, joined([*before, (name, head, content + b"x"), *after])
        if before or after:
            yield at, _GONE, joined([*before, *after])


_NO_DOCUMENT = object()
_NOTHING = object()


def _document(body: bytes) -> Any:
    """What of it json can tell: changes of a document that is nested beyond that are not tried."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NO_DOCUMENT


def _documents(document: Any) -> Iterator[_Change]:
    for location, value in _leaves(document, ()):
        at = re.sub(r"\[[0-9]+\]", "[*]", place(location))
        yield at, _ANOTHER, _with(document, location, _other(value))
        if location:
            yield at, _GONE, _with(document, location, _NOTHING)
    if isinstance(document, dict):
        yield "$ (a new name)", _MORE, json.dumps({**document, "sseproxy": 1}).encode()


def _leaves(value: Any, location: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    if not items:
        yield location, value
    for step, each in items:
        yield from _leaves(each, (*location, step))


def _other(value: Any) -> Any:
    """A value of the same type, where there is another one."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [None]
        case dict():
            return {"sseproxy": None}
        case _:
            return "x"


def _with(document: Any, location: tuple[str | int, ...], value: Any) -> bytes:
    """The document with this value there, or without any."""
    if not location:
        return json.dumps(value).encode()
    copy = json.loads(json.dumps(document))
    holder = copy
    for step in location[:-1]:
        holder = holder[step]
    if value is _NOTHING:
        del holder[location[-1]]
    else:
        holder[location[-1]] = value
    return json.dumps(copy).encode()
