"""Volatile ids folded: what a request is when values that are fresh in each run all look alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sseproxy.dialects.volatile import VOLATILE, Volatile

FOLDED = "\0"
"""The value of a part that was folded: no other has it."""


def fold(parts: Mapping[str, str]) -> dict[str, str]:
    """The parts with the volatile ids of known dialects alike.

    That there is an id still counts, and so does null: a request that goes on with a conversation is not
    one that begins one.
    """
    folded = dict(parts)
    path = parts.get("path", "")
    for volatile in _of_path(path):
        for place in volatile.places:
            if _is_id(parts.get(place, "")):
                folded[place] = FOLDED
    return folded


def folded_rules(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The rules by which two requests are alike that are not the same: `prediction $.chatId`."""
    return [
        f"{volatile.dialect} {place}"
        for volatile in _of_path(one.get("path", ""))
        for place in volatile.places
        if one.get(place) != other.get(place)
    ]


def one_sided(one: Mapping[str, str], other: Mapping[str, str], place: str) -> bool:
    """Whether an id that is folded where both requests have one is in one of them alone."""
    known = any(place in volatile.places for volatile in _of_path(other.get("path", "")))
    return known and _is_id(one.get(place, "")) != _is_id(other.get(place, ""))


@lru_cache(1024)
def _of_path(path: str) -> tuple[Volatile, ...]:
    return tuple(volatile for volatile in VOLATILE if volatile.path.search(path))


def _is_id(value: str) -> bool:
    """Whether a part's value is a text or a number, and not empty."""
    return value not in ("", '"', "null", "true", "false", "{", "[")
