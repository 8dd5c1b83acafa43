"""Between a stream and its recording, so that nothing of the one can harm the other."""

from __future__ import annotations

import logging

from sseproxy.exchange import Ending
from sseproxy.proxy.recording import Recording
from sseproxy.upstream import Read

log = logging.getLogger("sseproxy.proxy")


class Recorder:
    """Passes on what happens to the recording, if there is one.

    A recording that fails by a fault of ours is dropped where it is, loudly; the stream goes on.
    (Disks that fail are the recording's own business.)
    """

    def __init__(self, recording: Recording | None) -> None:
        """None: this exchange is not to be recorded."""
        self.recording = recording

    def upload(self, data: bytes, *, complete: bool) -> None:
        if self.recording:
            try:
                self.recording.upload(data, complete=complete)
            except Exception:
                self._drop(self.recording)

    def received(self, read: Read, *, client_is_gone: bool) -> None:
        if self.recording:
            try:
                self.recording.received(read, client_is_gone=client_is_gone)
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

    def _drop(self, recording: Recording) -> None:
        log.exception("a fault of sseproxy ends the recording %s; the stream goes on", recording.head.id)
        self.recording = None
        recording.abandon()
