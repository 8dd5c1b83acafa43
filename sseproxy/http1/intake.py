"""Cuts a client's bytes into requests, so that a parser gets one at a time and each head whole.

Where requests are pipelined, or come in awkward pieces, only this knows which bytes begin a request.
"""

from __future__ import annotations

import re

from sseproxy.http1.checks import HEAD_LIMIT

_REQUEST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^\x00-\x20\x7f]+ HTTP/[0-9]\.[0-9]\r\n")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_END = b"\r\n\r\n"


class RefusedError(Exception):
    """What can't be the head of a request: the status and the sentence to answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Intake:
    """Give it what comes with `feed`; take heads and bodies out in turn."""

    def __init__(self) -> None:
        self._waiting = b""
        self._searched = 0  # where the end of a head may still begin
        self._due = 0  # bytes of the present body that have not been taken

    def feed(self, data: bytes) -> None:
        self._waiting = self._waiting + data if self._waiting else data

    @property
    def size(self) -> int:
        """Bytes that wait to be taken."""
        return len(self._waiting)

    def take_head(self) -> bytes | None:
        """The next head, whole; None as long as it is not. Raises RefusedError for what is none.

        Empty lines before it are dropped (RFC 9112, section 2.2).
        """
        if self._searched == 0:
            self._waiting = self._waiting.lstrip(b"\r\n")
        if not self._waiting:
            return None
        if not 0x21 <= self._waiting[0] <= 0x7E:
            raise RefusedError(400, "this is no HTTP request")
        end = self._waiting.find(_END, self._searched)
        head = self._waiting[: end + len(_END)] if end >= 0 else self._waiting
        if b"\n" in head and not _REQUEST_LINE.match(head):
            raise RefusedError(400, "this is no HTTP/1.1 request")
        if len(head) > HEAD_LIMIT:
            raise RefusedError(431, f"a head is at most {HEAD_LIMIT} bytes")
        # A CR at the very end may be half a line end.
        if _BARE_LINE_END.search(head, max(0, self._searched - 1), len(head) - head.endswith(b"\r")):
            raise RefusedError(400, "a line of the head does not end in CRLF")
        if end < 0:
            self._searched = max(0, len(head) - len(_END) + 1)
            return None
        self._searched = 0
        self._waiting = self._waiting[len(head) :]
        return head

    def expect_body(self, length: int) -> None:
        """The head that was taken announced a body of this many bytes."""
        self._due = length

    def take_body(self) -> bytes:
        """What has come of the present body."""
        body = self._waiting[: self._due]
        self._due -= len(body)
        self._waiting = self._waiting[len(body) :]
        return body

    def take_all(self) -> bytes:
        """All that waits, for one who can tell where it ends."""
        data, self._waiting, self._searched, self._due = self._waiting, b"", 0, 0
        return data

    @property
    def body_is_due(self) -> bool:
        return self._due > 0
