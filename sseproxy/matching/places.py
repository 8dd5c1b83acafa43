"""Naming parts of a request in a rule: by place, or in a JSON body by any JSONPath (RFC 9535)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

import orjson

from sseproxy.errors import SseproxyError
from sseproxy.matching.json_text import place
from sseproxy.matching.parts import is_of_body

Selector = Callable[[Collection[str], bytes], set[str]]
"""Of these places of a request with this body, those that are meant."""

_KINDS = ("query.", "form.", "part.", "header.")
_WHOLE = ("body", "path")
# A JSONPath to one value is its place. Others need the library.
_QUOTED = r"\['((?:[^'\\]|\\.)*)'\]"
_SINGULAR = re.compile(rf"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:0|[1-9][0-9]*)\]|{_QUOTED})*", re.DOTALL)
_STEP = re.compile(rf"\.([^.\[]+)|\[([0-9]+)\]|{_QUOTED}", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ENDS = ("", ".", "[", "#")  # what may follow a place in those below it
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@lru_cache(1024)
def selector(text: str) -> Selector:
    """What a rule means by `$.chatId`, `$..id`, `query.ts`, `form.NAME`, `part.NAME`, `body`, `path`.

    A place means all below it as well. Raises SseproxyError for what is neither place nor JSONPath.
    """
    if _SINGULAR.fullmatch(text):
        # The value itself is meant, also where its name is repeated or it lies below the library's depth.
        return _below(place(tuple(_location(text))))
    if text.startswith("$"):
        return _query(text)
    if text in _WHOLE:
        return _whole(text)
    if text.startswith(_KINDS):
        return _named(text)
    raise SseproxyError(
        f"{text!r} names no part of a request: it should be a JSONPath such as $.chatId, or query.NAME,"
        " form.NAME, part.NAME, header.NAME, body, path"
    )


def _location(text: str) -> Iterator[str | int]:
    for plain, index, quoted in _STEP.findall(text):
        yield int(index) if index else plain or _ESCAPED.sub(_meant, quoted)


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _MEANT.get(escape[2], escape[2])


def _below(prefix: str) -> Selector:
    def select(places: Collection[str], body: bytes) -> set[str]:
        return {each for each in places if lies_in(each, prefix)}

    return select


def lies_in(place: str, other: str) -> bool:
    """Whether a place of a JSON document is this other one, or lies below it."""
    return place.startswith(other) and place[len(other) : len(other) + 1] in _ENDS


def _whole(text: str) -> Selector:
    def select(places: Collection[str], body: bytes) -> set[str]:
        if text == "path":
            return {"path"}
        return set(filter(is_of_body, places))

    return select


def _named(text: str) -> Selector:
    def select(places: Collection[str], body: bytes) -> set[str]:
        return {each for each in places if each == text or each.startswith((f"{text}#", f"{text} "))}

    return select


def _query(text: str) -> Selector:
    from jsonpath import JSONPathEnvironment  # here: it takes a while to import, and few have such rules
    from jsonpath.exceptions import JSONPathError

    try:
        query = JSONPathEnvironment(strict=True).compile(text)
    except JSONPathError as error:
        raise SseproxyError(f"{text!r} is no JSONPath (RFC 9535): {error.args[0]}") from None

    def select(places: Collection[str], body: bytes) -> set[str]:
        if not any(each.startswith("$") for each in places):
            return set()  # no JSON, or nested deeper than the library goes
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return set()  # half a surrogate pair: JSON, but no text
        found = [place(match.parts) for match in query.finditer(document)]
        return set().union(*(_below(each)(places, body) for each in found))

    return select
