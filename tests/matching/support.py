"""Short ways to write down a library and what it answers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from sseproxy.exchange import Exchange, Request
from sseproxy.matching import Answers, Loaded, Rules, parse_rules
from tests.core import build

NOON = "2026-11-23T12:00:%02d.000000Z"


def recorded(id: str, second: int, request: Request | None, session: str = "s1") -> Exchange:
    return build.exchange(head=build.head(id, wall=NOON % second, session=session), request=request)


def added(*told: str) -> list[str]:
    """Of the lines of a miss, those that it says to add to the file, as they stand: the first such."""
    start = next((at for at, line in enumerate(told, 1) if "add to sseproxy.toml:" in line), len(told))
    return list(takewhile(lambda line: line.startswith("       "), told[start:]))


def pasted(file: str, *told: str) -> Rules:
    """The rules of a configuration file behind which the lines that a miss tells were put."""
    text = "".join([file, *(f"{line}\n" for line in added(*told))])
    return parse_rules(tomllib.loads(text).get("match", {}), "sseproxy.toml")


class Asked:
    """A library's answers, told by the ids of its recordings."""

    def __init__(self, exchanges: Iterable[Exchange], **options: Any) -> None:
        self._library = Loaded(exchanges)
        self.answers = Answers(self._library, **options)

    def given(self, request: Request, times: int = 1, scope: str = "") -> list[str]:
        """What is answered, `-` for a miss."""
        turns = [self.answers.answer(request, scope) for _ in range(times)]
        return [self._library.name(answer.number) if answer else "-" for answer in turns]

    def unplayed(self) -> list[str]:
        return [self._library.name(number) for number in self.answers.unplayed()]
