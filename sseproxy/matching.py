"""Which recorded exchange answers a request."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from sseproxy.exchange import Exchange, Request
from sseproxy.printable import counted, printable_bytes
from sseproxy.redaction import mask_target

Key = tuple[str, bytes, bytes]


class Answers:
    """A library's answers: repeated requests get what was recorded, in recorded order, the last again
    and again. Only the newest session that has a request answers it, unless sessions are chained.
    """

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        *,
        chain_sessions: bool = False,
        take_turn: Callable[[Key], int] | None = None,
    ) -> None:
        """`take_turn` numbers the answers to repeated requests, where others give some of them."""
        by_key: dict[Key, list[Exchange]] = defaultdict(list)
        self._unfinished: list[Exchange] = []  # answered before all of the body had come
        for exchange in sorted(exchanges, key=lambda each: (each.head.wall, each.head.id)):
            if exchange.request and not exchange.request.complete:
                self._unfinished.append(exchange)
            elif exchange.request:
                by_key[key(exchange.request)].append(exchange)
        if not chain_sessions:
            for found, recorded in by_key.items():
                newest = recorded[-1].head.session
                by_key[found] = [each for each in recorded if each.head.session == newest]
        self._recorded = dict(by_key)
        self._take_turn = take_turn or Turns().take

    def answer(self, request: Request) -> Exchange | None:
        """The exchange whose turn it is, or None: a miss."""
        wanted = key(request)
        recorded = self._recorded.get(wanted)
        if not recorded:
            return self._early_answer(request)
        turn = self._take_turn(wanted) if len(recorded) > 1 else 0
        return recorded[min(turn, len(recorded) - 1)]

    def _early_answer(self, request: Request) -> Exchange | None:
        """The newest answer to a request whose recorded part is how this one begins."""
        method, target, _ = key(request)
        for exchange in reversed(self._unfinished):
            begun = exchange.request
            if begun and key(begun)[:2] == (method, target) and request.body.startswith(begun.body):
                return exchange
        return None

    def methods(self, target: bytes) -> list[str]:
        """The methods that the target was recorded with, sorted."""
        wanted = mask_target(target)[0]
        begun = [key(each.request) for each in self._unfinished if each.request]
        return sorted({method for method, found, _ in [*self._recorded, *begun] if found == wanted})

    def explain(self, request: Request) -> str:
        """Why nothing answers the request, in one sentence."""
        method, target, _ = key(request)
        same_target = [found for found in self._recorded if found[1] == target]
        same_both = [found for found in same_target if found[0] == method]
        if same_both:
            count = sum(len(self._recorded[found]) for found in same_both)
            why = f"{counted(count, 'recording')} of it with another body"
        elif same_target:
            why = f"recorded with {', '.join(sorted({found[0] for found in same_target}))} only"
        else:
            why = f"the library has {counted(len(self._recorded), 'other request')}"
        return f"no cassette answers {method} {printable_bytes(target)}: {why}"


class Turns:
    """How often each request has been answered."""

    def __init__(self) -> None:
        self._given: dict[Key, int] = defaultdict(int)

    def take(self, key: Key) -> int:
        """The number of this answer, from 0 on."""
        self._given[key] += 1
        return self._given[key] - 1


def key(request: Request) -> Key:
    """Equal for requests that the same recordings answer: by method, target and body.

    A credential in the target is masked first, as it was when the recording was written.
    """
    return request.method, mask_target(request.target)[0], _canonical(request.body)


def _canonical(body: bytes) -> bytes:
    """A JSON document in one spelling; any other body as it is.

    Numbers are compared by their exact value (1, 1.0 and 1e0 are one), names in any order; a repeated
    name keeps each value.
    """
    try:
        document = json.loads(
            body,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_not_json,
            object_pairs_hook=_members,
        )
        return json.dumps(document).encode()
    except (ValueError, ArithmeticError, RecursionError):
        return body


def _number(text: str) -> dict[str, object]:
    sign, digits, exponent = Decimal(text).as_tuple()
    spelled = "".join(map(str, digits)).lstrip("0")
    significant = spelled.rstrip("0")
    scale = int(exponent) + len(spelled) - len(significant)
    return {"number": ["-" if sign else "", significant, scale] if significant else 0}


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {"members": sorted(pairs, key=lambda pair: pair[0])}


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
