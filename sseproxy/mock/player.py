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
        self._steps, self._framed = reel
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
        try:
            self._play()
        except Exception:
            log.exception("a fault of sseproxy breaks a replay off")
            self._finish(End(0, Ending.ERROR, 0, detail="sseproxy failed, see its log"))

    def _play(self) -> None:
        self._alarm_is_set = False
        while self._next < len(self._steps) and not self._paused and not self.done.done():
            now = self._clock.now() - self._client.arrived
            due = self._steps[self._next].due
            if due > now:
                self._alarm.set(self._client.arrived + due, self.play)
                self._alarm_is_set = True
                return
            self._write_due(now)

    def _write_due(self, now: int) -> None:
        """One write of the steps that are due, up to what may wait for a slow client."""
        out: list[bytes] = []
        size = 0
        while self._next < len(self._steps) and size < WAITING_LIMIT:
            step = self._steps[self._next]
            if step.due > now:
                break
            self._next += 1
            if step.due >= self._held_up_until:
                self.punctuality.add(now - step.due)
            out.append(self._bytes(self._next - 1))
            size += len(out[-1])
        self._client.write(b"".join(out))
        if self._next == len(self._steps):
            end = self._steps[-1].action
            assert isinstance(end, End)
            self._finish(end)

    def _bytes(self, number: int) -> bytes:
        match self._steps[number].action:
            case bytes() as data:
                assert self.framer
                return self._framed[number] if self.framer.chunked else data
            case ResponseHead():
                assert self._head
                self.framer = self._client.framer(self._head)
                return self.framer.head()
            case End(reason=reason, trailers=trailers):
                return self.framer.last(trailers) if self.framer and reason.whole else b""

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
        self._held_up_until = self._clock.now() - self._client.arrived
        if not self._alarm_is_set:
            self.play()

    def client_left(self) -> None:
        self._finish(None)
