"""One run of the recording proxy."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

from sseproxy.cassette.naming import Ids
from sseproxy.clock import Clock
from sseproxy.redaction import Rules, built_in


class Session:
    """One run of the recording proxy: its cassettes share an id and a clock."""

    def __init__(
        self, folder: Path, clock: Clock, max_body: int | None = None, rules: Rules | None = None
    ) -> None:
        """`max_body`: bytes of a response's body that a cassette may hold; None: all of it.

        `rules`: what is masked; None: what we know of.
        """
        self.folder = folder
        self.clock = clock
        self.max_body = max_body
        self.rules = rules or built_in()
        self.ids = Ids(SystemRandom())
        self.id = self.ids.next(clock.wall())
        self.started = clock.now()
        self.lost = 0
        """How many recordings have a hole or could not be made."""

    def count_loss(self) -> None:
        self.lost += 1
