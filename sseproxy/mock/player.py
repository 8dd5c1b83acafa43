"""Plays the steps of one exchange to one client."""

from __future__ import annotations

import asyncio
import logging

from sseproxy.analysis.punctuality import Punctuality
from sseproxy.clock import Clock
from sseproxy.exchange import End, Ending, ResponseHead
from sseproxy.http1 import ResponseFramer
from sseproxy.mock.alarm import Alarm
from sseproxy.mock.reels import Reel
from sseproxy.server import WAITING_LIMIT, Client

log = logging.getLogger("sseproxy.mock")


class Player:
    """Each step is written at its due time, counted from the request: a late one makes no other late.

    A client that is slow to read holds the play up; what came due meanwhile follows when it reads again.
    """

    def __init__(
        self,
        client: Client,
        reel: Reel,
        head: ResponseHead | None,
        clock: Clock,
        alarm: Alarm,
        *,
        held_up_until: int = 0,
    ) -> None:
        """`head`: in the place of the recorded one.

        `held_up_until`: µs from the request; what is due before is late by the client's doing."""
        self._client = client
        self._arrived = client.arrived
        self._steps, self._dues, self._framed, self._plain = reel
        self._head = head
        self._clock = clock
        self._alarm = alarm
        self._next = 0
        self._alarm_is_set = False
        self._paused = False
        self._held_up_until = held_up_until
        self.punctuality = Punctuality()
        self.framer: ResponseFramer | None = None
        """Set when the client has the response's head."""
        self.done: asyncio.Future[End | None] = asyncio.get_running_loop().create_future()
        """How the recorded exchange ended; None where the client left first."""

    def play(self) -> None:
        """Begins, or goes on when the client takes more."""
        due = self._turn()
        if due is not None:
            self._alarm.set(due, self._turn)

    def _turn(self) -> int | None:
        """Writes what is due, and gives the time of the next step, if nothing is in its way."""
        self._alarm_is_set = False
        try:
            while self._next < len(self._dues) and not self._paused and not self.done.done():
                passed = self._clock.now() - self._arrived
                due = self._dues[self._next]
                if due > passed:
                    self._alarm_is_set = True
                    return self._arrived + due
                self._write_due(passed)
        except Exception:
            log.exception("a fault of sseproxy breaks a replay off")
            self._finish(End(0, Ending.ERROR, 0, detail="sseproxy failed, see its log"))
        return None

    def _write_due(self, passed: int) -> None:
        """One write of the steps that are due, up to what may wait for a slow client.

        `passed`: µs since the request."""
        out = self._begun() if self._next == 0 else b""
        bodies = self._framed if self.framer and self.framer.chunked else self._plain
        first, dues = self._next, self._dues
        size = 0
        while self._next < len(dues) and dues[self._next] <= passed and size < WAITING_LIMIT:
            if dues[self._next] >= self._held_up_until:
                self.punctuality.add(passed - dues[self._next])
            size += len(bodies[self._next])
            self._next += 1
        out += b"".join(bodies[first : self._next])
        end = self._steps[-1].action if self._next == len(dues) else None
        if isinstance(end, End) and end.reason.whole and self.framer:
            out += self.framer.last(end.trailers)
        self._client.write(out)
        if isinstance(end, End):
            self._finish(end)

    def _begun(self) -> bytes:
        """The response's head, where it has one."""
        if self._head is None:
            return b""
        self.framer = self._client.framer(self._head)
        return self.framer.head()

    def stop(self, end: End) -> None:
        """Ends the play here and so, if it has not ended yet."""
        self._finish(end)

    def _finish(self, end: End | None) -> None:
        if not self.done.done():
            self.done.set_result(end)

    def client_paused(self) -> None:
        self._paused = True

    def client_resumed(self) -> None:
        self._paused = False
        self._held_up_until = self._clock.now() - self._arrived
        if not self._alarm_is_set:
            self.play()

    def client_left(self) -> None:
        self._finish(None)
