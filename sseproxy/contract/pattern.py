"""A contract's text to an automaton: `start? token* (usedTools | sourceDocuments)* metadata end`.

Kinds stand one after the other; `|` is either, `?`, `*` and `+` are optional, any number, one or more;
`other` is any kind that the contract does not name. The automaton is Glushkov's: its states are the places of
kinds in the text, so that a place in the stream is a place in the contract, and what may come next can be
said in the contract's own words. (V. M. Glushkov, The abstract theory of automata, 1961.)
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from sseproxy.errors import SseproxyError

OTHER = "other"
"""The word for any kind that a contract does not name."""
MOST_KINDS = 500
"""Places of kinds in one contract; their pairs are kept."""
DEEPEST = 100
"""Brackets in brackets."""

State = frozenset[int]
"""The places in the contract that the stream may be at."""

_TOKEN = re.compile(r"\s*(?:(?P<kind>\w[\w.:/-]*)|(?P<sign>[()|?*+])|(?P<wrong>\S))")
_KIND = re.compile(r"\w[\w.:/-]*")
_BEGIN = 0  # the place before the first kind; kinds have places from 1 on


class ContractError(SseproxyError):
    """A contract that can't be read: what is wrong, and at which character (from 1)."""


class _Part(NamedTuple):
    """A piece of a contract: whether it may be empty, and the places where it can begin and end."""

    empty: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING = _Part(True, frozenset(), frozenset())


class Contract:
    """A compiled contract. It holds no state of any stream: `Run` does."""

    def __init__(self, text: str) -> None:
        """Raises ContractError."""
        parser = _Parser(text)
        whole = parser.parse()
        self.text = " ".join(text.split())
        self._kinds = parser.kinds
        self._follow = {**parser.follow, _BEGIN: whole.first}
        self._final = whole.last | ({_BEGIN} if whole.empty else frozenset())
        self.names = frozenset(parser.kinds) - {"", OTHER}
        self.begin: State = frozenset({_BEGIN})
        self._steps: dict[tuple[State, str], State] = {}

    def step(self, state: State, kind: str) -> State:
        """Where the stream may be after this kind; empty where the kind may not come here."""
        name = kind if kind in self.names else OTHER
        found = self._steps.get((state, name))
        if found is None:  # each step is worked out once: the table grows to the automaton's own size
            found = frozenset(to for to in self._next(state) if self._kinds[to] == name)
            self._steps[state, name] = found
        return found

    def _next(self, state: State) -> set[int]:
        return {to for place in state for to in self._follow[place]}

    def expected(self, state: State) -> tuple[str, ...]:
        """The kinds that may come here, in the order of the contract's text."""
        return tuple(dict.fromkeys(self._kinds[place] for place in sorted(self._next(state))))

    def may_end(self, state: State) -> bool:
        """Whether the stream may end here."""
        return not self._final.isdisjoint(state)


def is_kind(name: str) -> bool:
    """Whether a contract can name this kind; one that it can't is an `other`."""
    return name != OTHER and _KIND.fullmatch(name) is not None


@cache
def compile_contract(text: str) -> Contract:
    """The contract of this text, compiled once. Raises ContractError."""
    return Contract(text)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0  # of the character behind the present token
        self._token = ""
        self._is_kind = False
        self._start = 0  # of the present token
        self._depth = 0
        self.kinds = [""]  # of each place; none at the place before the first
        self.follow: dict[int, frozenset[int]] = {}

    def parse(self) -> _Part:
        self._advance()
        whole = self._alternatives()
        if self._token:
            raise self._wrong("nothing that it could end")
        return whole

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._position)
        if not found:
            self._start, self._token, self._is_kind = len(self._text.rstrip()), "", False
            return
        kind, sign, wrong = found.group("kind", "sign", "wrong")
        self._token, self._is_kind = kind or sign or wrong, kind is not None
        self._start, self._position = found.end() - len(self._token), found.end()
        if wrong:
            raise self._wrong("no part of a contract: there are kinds, `other` and ( ) | ? * +")

    def _wrong(self, why: str) -> ContractError:
        what = f"`{self._token}` is {why}" if self._token else why
        return ContractError(f"contract, character {self._start + 1}: {what}")

    def _alternatives(self) -> _Part:
        found = self._sequence()
        while self._token == "|":
            self._advance()
            each = self._sequence()
            found = _Part(found.empty or each.empty, found.first | each.first, found.last | each.last)
        return found

    def _sequence(self) -> _Part:
        found = _NOTHING
        begun = False
        while self._is_kind or self._token == "(":
            found = self._joined(found, self._item())
            begun = True
        if not begun:
            raise self._wrong(
                "in the place of a kind" if self._token else "a kind or `(` is missing at the end"
            )
        return found

    def _joined(self, a: _Part, b: _Part) -> _Part:
        self._link(a.last, b.first)
        return _Part(
            a.empty and b.empty,
            a.first | b.first if a.empty else a.first,
            a.last | b.last if b.empty else b.last,
        )

    def _link(self, places: frozenset[int], to: frozenset[int]) -> None:
        for place in places:
            self.follow[place] |= to

    def _item(self) -> _Part:
        found = self._bracket() if self._token == "(" else self._kind()
        while self._token in ("?", "*", "+"):
            if self._token != "?":
                self._link(found.last, found.first)
            if self._token != "+":
                found = found._replace(empty=True)
            self._advance()
        return found

    def _bracket(self) -> _Part:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"one bracket too deep: {DEEPEST} are enough")
        self._advance()
        found = self._alternatives()
        if self._token != ")":
            raise self._wrong("not the `)` that is due" if self._token else "a `)` is missing at the end")
        self._depth -= 1
        self._advance()
        return found

    def _kind(self) -> _Part:
        place = len(self.kinds)
        if place > MOST_KINDS:
            raise self._wrong(f"one too many: a contract may have {MOST_KINDS} kinds in all")
        self.kinds.append(self._token)
        self.follow[place] = frozenset()
        self._advance()
        only = frozenset({place})
        return _Part(False, only, only)
