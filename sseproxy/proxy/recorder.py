"""Between a stream and its recording, so that nothing of the one can harm the other."""

from __future__ import annotations

import asyncio
import logging

from sseproxy.clock import Clock
from sseproxy.exchange import Ending, Headers, Request
from sseproxy.proxy.recording import Recording
from sseproxy.proxy.session import Session
from sseproxy.upstream import Read

log = logging.getLogger("sseproxy.proxy")


class Recorder:
    """Passes on what happens to the recording, if there is one.

    A recording that fails by a fault of ours is dropped where it is, loudly; the stream goes on.
    (Disks that fail are the recording's own business.)
    """

    def __init__(self) -> None:
        self.recording: Recording | None = None
        """None: this exchange is not recorded, or no longer."""
        self._clock: Clock | None = None
        self._until: int | None = None  # when the timer is due
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, session: Session, request: Request, arrived: int, upstream: str) -> None:
        """Records this exchange, as `Recording` has it."""
        try:
            self.recording = Recording(session, request, arrived, upstream)
            self._clock = session.clock
        except Exception:
            log.exception("a fault of sseproxy prevents a recording; the stream goes on")
            session.count_loss()

    def upload(self, data: bytes, *, complete: bool, trailers: Headers) -> None:
        if self.recording:
            try:
                self.recording.upload(data, complete=complete, trailers=trailers)
                if self.recording.held_until != self._until:
                    self._watch(self.recording)
            except Exception:
                self._drop(self.recording)

    def connected(self) -> None:
        if self.recording:
            try:
                self.recording.connected()
            except Exception:
                self._drop(self.recording)

    def received(self, read: Read, *, client_is_gone: bool) -> None:
        if self.recording:
            try:
                self.recording.received(read, client_is_gone=client_is_gone)
                if self.recording.held_until != self._until:
                    self._watch(self.recording)
            except Exception:
                self._drop(self.recording)

    def client_left(self, *, owed: bool) -> None:
        if self.recording:
            try:
                self.recording.client_left(owed=owed)
            except Exception:
                self._drop(self.recording)

    def stop(self, reason: Ending, detail: str) -> None:
        if self.recording:
            try:
                self.recording.stop(reason, detail)
            except Exception:
                self._drop(self.recording)

    def _watch(self, recording: Recording) -> None:
        """Sees to it that nothing is held back for long that may be the beginning of a secret."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._until = recording.held_until if recording.end is None else None
        if self._until is not None and self._clock:
            seconds = max(0, self._until - self._clock.now()) / 1e6
            self._timer = asyncio.get_running_loop().call_later(seconds, self._release, recording)

    def _release(self, recording: Recording) -> None:
        if self.recording is recording and recording.end is None:
            try:
                recording.release()
                self._watch(recording)
            except Exception:
                self._drop(recording)

    def _drop(self, recording: Recording) -> None:
        log.exception("a fault of sseproxy ends the recording %s; the stream goes on", recording.head.id)
        self.recording = None
        recording.abandon()
