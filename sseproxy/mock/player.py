"""Plays the steps of one exchange to one client."""

from __future__ import annotations

import asyncio
import logging

from sseproxy.analysis.punctuality import Punctuality
from sseproxy.clock import Clock
from sseproxy.exchange import End, Ending, Framing, ResponseHead
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
        self._steps, self._dues, self._bodies = reel
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
        """Writes what is due, and comes back when the next step is."""
        due = self._turn(self._clock.now())
        if due is not None:
            self._alarm.set(due, self._turn)

    def _turn(self, now: int) -> int | None:
        """Writes what is due, and gives when the next step is, if nothing is in its way."""
        self._alarm_is_set = False
        try:
            while self._next < len(self._dues) and not self._paused and not self.done.done():
                due = self._arrived + self._dues[self._next]
                if due > now:
                    self._alarm_is_set = True
                    return due
                self._write_due(now - self._arrived)
        except Exception:
            log.exception("a fault of sseproxy breaks a replay off")
            self._finish(End(0, Ending.ERROR, 0, detail="sseproxy failed, see its log"))
        return None

    def _write_due(self, now: int) -> None:
        """One write of the steps that are due, up to what may wait for a slow client.

        `now`: µs from the request."""
        dues, bodies = self._dues, self._bodies
        first = behind = self._next
        size = 0
        while behind < len(dues) and dues[behind] <= now and size < WAITING_LIMIT:
            if dues[behind] >= self._held_up_until:
                self.punctuality.add(now - dues[behind])
            size += len(bodies[behind])
            behind += 1
        self._next = behind
        before = self._head_bytes() if first == 0 else b""
        out = before + b"".join(self._bodies[first:behind])
        if behind < len(dues):
            self._client.write(out)
        else:
            end = self._steps[-1].action
            assert isinstance(end, End)
            if self.framer and end.reason.whole:
                out += self.framer.last(end.trailers)
            self._client.write(out)
            self._finish(end)

    def _head_bytes(self) -> bytes:
        """The first step, which is a head where there is one."""
        if not self._head:
            return b""
        self.framer = self._client.framer(self._head)
        if self._head.framing is Framing.CHUNKED and not self.framer.chunked:
            actions = (step.action for step in self._steps)
            self._bodies = tuple(action if isinstance(action, bytes) else b"" for action in actions)
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
