"""What a dialect is: what events mean to one family of servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sseproxy.exchange import Request
from sseproxy.sse import Event

Ids = tuple[tuple[str, str], ...]
"""Name and value, such as ("chat", "9b6e…"): what ties events together, and events to a request."""

COMMENT = "comment"
"""The kind of a block of comments alone: a heartbeat."""
DROPPED = "dropped"
"""The kind of any other block that dispatches nothing, for it has no `data`."""
UNSEEN = frozenset({COMMENT, DROPPED})
"""The kinds that no listener sees. They are no part of any order."""


class Meaning(NamedTuple):
    """What one event says."""

    kind: str
    text: str = ""
    """What it adds to the text of the answer; reasoning and the arguments of tools are not that."""
    ids: Ids = ()


def _asks_nothing(_: Request) -> Ids:
    return ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything that depends on whose events they are."""

    name: str
    title: str
    """For people: `Anthropic messages`."""
    contract: str
    """The legal order, as a pattern over kinds."""
    read: Callable[[Event], Meaning]
    """Of a dispatched event; never fails, whatever its data is."""
    recognises: Callable[[Event], bool]
    """Whether a dispatched event could only be of this dialect."""
    tokens: frozenset[str] = frozenset()
    """The kinds that carry a piece of what the model says."""
    last: frozenset[str] = frozenset()
    """The kinds behind which nothing follows: a client that closes then has had the whole stream."""
    errors: frozenset[str] = frozenset()
    """The kinds that tell of a failure."""
    anywhere: frozenset[str] = frozenset()
    """The kinds that may come at any point, such as pings: the contract does not see them."""
    constant: frozenset[str] = frozenset()
    """The names of ids that have one value in the whole of a stream."""
    unique: frozenset[str] = frozenset()
    """The names of ids that no two events of a stream share."""
    json: bool = True
    """Whether data is JSON, `[DONE]` and nothing at all aside."""
    asked: Callable[[Request], Ids] = field(default=_asks_nothing)
    """The ids that a request asks for; the answer's ids of these names are the same."""

    def meaning(self, event: Event) -> Meaning:
        """The meaning of any event, seen by a listener or not."""
        if event.dispatched:
            return self.read(event)
        return Meaning(COMMENT if event.comments and event.type == "message" else DROPPED)

    def is_last(self, event: Event) -> bool:
        """Whether a client that closes after this event has had the whole stream."""
        return event.dispatched and self.read(event).kind in self.last
