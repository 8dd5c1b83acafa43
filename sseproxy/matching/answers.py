"""Which recorded exchange answers a request: the recordings that match it, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sseproxy.errors import CassetteError
from sseproxy.exchange import Head, Request, header
from sseproxy.matching.folding import folded_rules
from sseproxy.matching.index import Index
from sseproxy.matching.library import Library
from sseproxy.matching.miss import Miss, explain
from sseproxy.matching.resuming import Resuming
from sseproxy.matching.rules import Rules
from sseproxy.matching.turns import LocalTurns, Turns
from sseproxy.redaction import Rules as Redaction

EXPLAINED = 8
"""Misses of which it is remembered why they are."""
SHORT = 4_096
"""Bytes of the body of a request whose miss is remembered."""


class Exhausted(StrEnum):
    """What a request gets that comes more often than it was recorded."""

    LAST = "last"
    LOOP = "loop"
    MISS = "miss"


@dataclass(frozen=True, slots=True)
class Answer:
    number: int
    """Of the recording, in its library."""
    folded: tuple[str, ...] = ()
    """The rules without which it would not match, such as `prediction $.chatId`."""


class Answers:
    """A library's answers: repeated requests get what was recorded, in recorded order.

    Only the newest session in which a request was answered answers it, unless sessions are chained.
    """

    def __init__(
        self,
        library: Library,
        rules: Rules = Rules(),  # noqa: B008 - a frozen value
        *,
        chain_sessions: bool = False,
        strict: bool = False,
        exhausted: Exhausted = Exhausted.LAST,
        turns: Turns | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        """`strict`: volatile ids have to be equal too. `turns`: None counts them here.

        `redaction`: what was masked when it was recorded; None: what we know of.
        """
        self.library = library
        self._index = Index(rules, strict=strict, redaction=redaction)
        self._resuming = Resuming(self._index)
        self._chain_sessions = chain_sessions
        self._exhausted = exhausted
        self.turns = turns or LocalTurns()
        """Who counts; another may take its place before the first answer."""
        self._heads: dict[int, Head] = {}
        self._early: list[tuple[int, dict[str, str], bytes]] = []  # answered before all of the body had come
        self._answered: dict[int, bool] = {}  # as far as it was asked
        self._played: set[int] = set()
        self._passed_over: set[int] = set()
        self._misses: dict[bytes, Miss] = {}
        for number, head, request in sorted(library.requests(), key=_recorded_at):
            self._heads[number] = head
            if request.complete:
                self._index.add(number, request)
                self._resuming.add(number, request)
            else:
                masked = self._index.masked(request)
                self._early.append((number, self._without_body(masked), masked.body))

    def answer(self, request: Request, scope: str = "") -> Answer | None:
        """The recording whose turn it is in this scope, or None: a miss."""
        found = self._index.look_up(request)
        if found is None:
            return self._early_answer(request)
        there = found.numbers
        if self._passed_over:
            there = [number for number in there if number not in self._passed_over]
            if not there:
                return None
        newest = self._of_newest_session(there)
        numbers, key = self._resuming.narrowed(newest, found.key, request)
        # Whose turn it is may have to be asked of another process: not where it makes no difference.
        alone = len(numbers) == 1 and self._exhausted is not Exhausted.MISS
        turn = 0 if alone else self.turns.take(key, scope)
        if turn >= len(numbers):
            if self._exhausted is Exhausted.MISS:
                return None
            turn = len(numbers) - 1 if self._exhausted is Exhausted.LAST else turn % len(numbers)
        number = numbers[turn]
        self._played.add(number)
        if not found.folded:
            return Answer(number)
        try:
            recorded = self._index.parts(self.library.request(number))
        except CassetteError:
            return Answer(number)  # it is told when it is to be played
        return Answer(number, tuple(folded_rules(recorded, self._index.parts(request))))

    def pass_over(self, number: int) -> None:
        """Answers with this recording no more: it has gone, or can't be read."""
        self._passed_over.add(number)

    def _of_newest_session(self, numbers: list[int]) -> list[int]:
        if self._chain_sessions or len(numbers) == 1:
            return numbers
        sessions: dict[str, list[int]] = {}
        for number in reversed(numbers):
            sessions.setdefault(self._heads[number].session, []).append(number)
        newest_first = [group[::-1] for group in sessions.values()]
        if len(newest_first) == 1:
            return numbers
        return next((group for group in newest_first if any(map(self._is_answered, group))), newest_first[0])

    def _is_answered(self, number: int) -> bool:
        if number not in self._answered:
            self._answered[number] = self.library.is_answered(number)
        return self._answered[number]

    def _early_answer(self, request: Request) -> Answer | None:
        """The newest answer to a request whose recorded part is how this one begins."""
        if not self._early:
            return None
        masked = self._index.masked(request)
        head = self._without_body(masked)
        for number, begun, body in reversed(self._early):
            if begun == head and masked.body.startswith(body):
                self._played.add(number)
                return Answer(number)
        return None

    def _without_body(self, request: Request) -> dict[str, str]:
        bare = Request(request.method, request.target, request.version, request.headers)
        return self._index.parts(bare)

    def methods(self, target: bytes) -> list[str]:
        """The methods that the target's path was recorded with, sorted."""
        path = self._without_body(Request("GET", target, "1.1", ())).get("path", "")
        routes = [
            *self._index.routes.values(),
            *((begun["method"], begun.get("path", "")) for _, begun, _ in self._early),
        ]
        return sorted({method for method, found in routes if found == path})

    def explain(self, request: Request) -> Miss:
        """Why nothing answers the request. Reads recordings, so it may take a while.

        Who tries again is told what was found the first time.
        """
        asked = self._index.fingerprint(request)
        if asked not in self._misses:
            miss = replace(explain(request, self._index, self.library), recorded=len(self))
            if len(request.body) > SHORT or header(request.headers, b"content-encoding"):
                return miss  # what is told of it may be many times as long
            if len(self._misses) == EXPLAINED:
                self._misses.clear()
            self._misses[asked] = miss
        return replace(self._misses[asked], request=self._index.masked(request))

    def names(self, numbers: Iterable[int]) -> list[str]:
        """What these recordings are found by."""
        return [self.library.name(number) for number in numbers]

    def __len__(self) -> int:
        """How many recordings there are."""
        return len(self._heads)

    def older_than(self, wall: str) -> list[int]:
        """The recordings from before this time (as `Head.wall`), oldest first."""
        return [number for number, head in self._heads.items() if head.wall < wall]

    def unplayed(self) -> list[int]:
        """The recordings that nobody asked for, oldest first; not those that another session hides."""
        playable = [number for group in self._index.groups() for number in self._of_newest_session(group)]
        playable += [number for number, _, _ in self._early]
        unplayed = set(playable) - self._played
        return [number for number in self._heads if number in unplayed]

    def oldest_first(self) -> list[int]:
        """All recordings."""
        return list(self._heads)


def _recorded_at(recorded: tuple[int, Head, Request]) -> tuple[str, str]:
    _, head, _ = recorded
    return head.wall, head.id
