"""What stands in for a recording where nothing is to be recorded."""

from __future__ import annotations

from sseproxy.exchange import End, Ending
from sseproxy.upstream import Read


class Unrecorded:
    """Knows how the exchange ended, and nothing else."""

    def __init__(self) -> None:
        self.end: End | None = None
        self.client_is_gone = False

    def upload(self, data: bytes, *, complete: bool) -> None:
        pass

    def received(self, read: Read) -> None:
        if read.end:
            self.stop(read.end, read.detail)

    def client_left(self) -> None:
        self.stop(Ending.CLIENT_LEFT, "")

    def stop(self, reason: Ending, detail: str) -> None:
        self.end = End(0, reason, 0, detail=detail)
