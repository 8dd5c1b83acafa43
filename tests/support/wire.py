"""A response as it stands on the wire, taken apart without any code of the package."""

from __future__ import annotations

import re
from typing import Literal

How = Literal["eof", "reset"]
"""How a connection ended."""
Fate = Literal["whole", "cut", "reset"]
"""What a client can tell of a response: it has all, some is missing, the connection was broken."""

BODILESS = (204, 304)


class Dechunker:
    """A chunked body, taken apart as it comes. Raises ValueError where it is malformed."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        """The contents of the chunks that are complete, without the last, empty one."""
        self.trailers: list[bytes] = []
        self.done = False
        self.surplus = b""
        """What came behind the body, once it is done; till then, what is not understood yet."""
        self._chunk: bytearray | None = None
        self._missing = 0
        self._in_trailers = False

    def feed(self, data: bytes) -> bytes:
        """The content in these bytes."""
        content = bytearray()
        data = self.surplus + data
        at = 0
        while at < len(data) and not self.done:
            if self._chunk is not None and self._missing:
                piece = data[at : at + self._missing]
                at += len(piece)
                self._missing -= len(piece)
                self._chunk += piece
                content += piece
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            self._line(data[at:end])
            at = end + 2
        self.surplus = data[at:]
        return bytes(content)

    def _line(self, line: bytes) -> None:
        if self._chunk is not None:
            if line:
                raise ValueError(f"a chunk is followed by {line!r}")
            self.chunks.append(bytes(self._chunk))
            self._chunk = None
        elif self._in_trailers:
            if line:
                self.trailers.append(line)
            self.done = not line
        elif match := re.fullmatch(rb"([0-9A-Fa-f]+)(?:;.*)?", line):
            self._missing = int(match[1], 16)
            self._in_trailers = self._missing == 0
            self._chunk = None if self._in_trailers else bytearray()
        else:
            raise ValueError(f"{line!r} is no chunk size")


class Response:
    """The response to one request, as far as it has come."""

    def __init__(self, request: bytes) -> None:
        self.raw = b""
        self.head = b""
        """With its blank line; empty while it is not complete."""
        self.body = b""
        """Without its framing."""
        self.dechunker: Dechunker | None = None
        """Set where the body is chunked."""
        self.how: How | None = None
        """How the connection ended, once it has."""
        self._to_head = request.startswith(b"HEAD ")
        self._length: int | None = None

    @classmethod
    def of(cls, request: bytes, raw: bytes, how: How) -> Response:
        """All that came back for a request."""
        response = cls(request)
        response.feed(raw)
        response.how = how
        return response

    def feed(self, data: bytes) -> bytes:
        """The content of the body in these bytes. Raises ValueError for bytes behind the end."""
        self.raw += data
        if not self.head:
            head, end, body = self.raw.partition(b"\r\n\r\n")
            if not end:
                return b""
            self.head = head + end
            self._understand()
            data = body
        content = self.dechunker.feed(data) if self.dechunker else data
        self.body += content
        surplus = self.dechunker.surplus if self.dechunker and self.dechunker.done else b""
        if self._length is not None:
            surplus = self.body[self._length :]
        if surplus:
            raise ValueError(f"{surplus!r} stands behind the response")
        return content

    def _understand(self) -> None:
        length = self.header(b"content-length")
        if self._to_head or self.status in BODILESS:
            self._length = 0
        elif self.header(b"transfer-encoding") == b"chunked":
            self.dechunker = Dechunker()
        elif length is not None:
            self._length = int(length)

    @property
    def start_line(self) -> bytes:
        return self.head.partition(b"\r\n")[0]

    @property
    def status(self) -> int:
        """0 while there is no head."""
        return int(self.head.split(b" ", 2)[1]) if self.head else 0

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        lines = self.head.split(b"\r\n")[1:-2]
        return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]

    def header(self, name: bytes) -> bytes | None:
        """The value of the first field of this lower-case name."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def chunks(self) -> list[bytes] | None:
        """What each chunk of a chunked body held."""
        return self.dechunker.chunks if self.dechunker else None

    @property
    def complete(self) -> bool:
        """Whether the framing says so; that of a close-delimited body never does before its end."""
        if not self.head:
            return False
        if self.dechunker:
            return self.dechunker.done
        if self._length is not None:
            return len(self.body) == self._length
        return self.how == "eof"

    def has_come_as_far_as(self, sent: Response) -> bool:
        """Whether this end has all of the response that the other end has sent, framing aside."""
        return (bool(self.head), self.body, self.complete) == (bool(sent.head), sent.body, sent.complete)

    @property
    def fate(self) -> Fate:
        """What the client can tell when the connection has ended."""
        assert self.how is not None
        if self.how == "reset":
            return "reset"
        return "whole" if self.complete else "cut"
