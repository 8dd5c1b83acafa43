"""Cuts a client's bytes into requests, so that a parser gets one at a time and each head whole.

Where requests are pipelined, or come in awkward pieces, only this knows which bytes begin a request.
"""

from __future__ import annotations

import re

from sseproxy.exchange import Headers
from sseproxy.http1.checks import HEAD_LIMIT

_REQUEST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^\x00-\x20\x7f]+ HTTP/([0-9]\.[0-9])\r\n")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_END = b"\r\n\r\n"
_TRAILER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\r")


class RefusedError(Exception):
    """What can't be a request's head or trailers: the status and the sentence to answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Intake:
    """Give it what comes with `feed`; take heads and bodies out in turn."""

    def __init__(self) -> None:
        self._waiting = b""
        self._searched = 0  # where the end of a head may still begin
        self._due = 0  # bytes of the present body that have not been taken
        self._chunks: _Chunks | None = None  # the present body, if it is chunked
        self.trailers: Headers = ()
        """The fields behind the latest body, when all of it has been taken."""

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
        if b"\n" in head:
            line = _REQUEST_LINE.match(head)
            if not line:
                raise RefusedError(400, "this is no HTTP/1.1 request")
            if line[1] not in (b"1.0", b"1.1"):
                raise RefusedError(505, f"HTTP/{line[1].decode()} is not spoken here; send HTTP/1.1")
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

    def expect_body(self, length: int | None) -> None:
        """The head that was taken announced a body of this many bytes, or (None) a chunked one."""
        self._due = length or 0
        self._chunks = _Chunks() if length is None else None
        self.trailers = ()

    def take_body(self) -> bytes:
        """What has come of the present body, and nothing that lies behind it.

        Raises RefusedError for trailers that are none.
        """
        size = self._chunks.feed(self._waiting) if self._chunks else min(self._due, len(self._waiting))
        body, self._waiting = self._waiting[:size], self._waiting[size:]
        self._due -= 0 if self._chunks else size
        if self._chunks and self._chunks.ended:
            self.trailers = tuple(self._chunks.trailers)
            self._chunks = None
        return body

    def take_all(self) -> bytes:
        """All that waits, for what is no HTTP."""
        data, self._waiting, self._searched = self._waiting, b"", 0
        return data

    @property
    def body_is_due(self) -> bool:
        return self._due > 0 or self._chunks is not None


class _Chunks:
    """Walks over a chunked body to find its end, and leaves it to the parser to judge its chunks.

    Parsers drop trailers: they are read, and so judged, here.
    """

    def __init__(self) -> None:
        self._skip = 0  # bytes of a chunk that are still to come, its CRLF included
        self._line = b""  # the beginning of a line that has not ended yet
        self._last = False  # the last chunk has come: trailers follow
        self._lost = False  # what came is malformed: the parser will refuse it
        self._trailers_size = 0
        self.trailers: list[tuple[bytes, bytes]] = []
        self.ended = False

    def feed(self, data: bytes) -> int:
        """How many of these bytes belong to the body."""
        position = 0
        while position < len(data) and not self.ended and not self._lost:
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            end = data.find(b"\n", position)
            self._line += data[position : end if end >= 0 else None]
            if end < 0:
                self._check_size(self._trailers_size + len(self._line))
                return len(data)
            position = end + 1
            line, self._line = self._line, b""
            if self._last:
                self._end_trailer(line)
            else:
                self._end_size(line)
        return len(data) if self._lost else position

    def _check_size(self, size: int) -> None:
        if size > HEAD_LIMIT and self._last:
            raise RefusedError(400, f"trailers are at most {HEAD_LIMIT} bytes")
        self._lost = size > HEAD_LIMIT

    def _end_trailer(self, line: bytes) -> None:
        if line == b"\r":
            self.ended = True
            return
        self._trailers_size += len(line) + len(b"\n")
        self._check_size(self._trailers_size)
        field = _TRAILER.fullmatch(line)
        if not field:
            raise RefusedError(400, "a malformed trailer")
        self.trailers.append((field[1], field[2]))

    def _end_size(self, line: bytes) -> None:
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            size = -1
        self._lost = size < 0
        self._last = size == 0
        self._skip = size + len(b"\r\n") if size > 0 else 0
