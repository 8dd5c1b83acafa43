"""Bytes of a response in, what they mean out."""

from __future__ import annotations

from dataclasses import dataclass, field

import httptools

from sseproxy.exchange import Ending, Framing, Headers, ResponseHead
from sseproxy.http1 import SWITCHING_PROTOCOLS, persistent, response_framing

HEAD_LIMIT = 64 * 1024
"""Bytes of a response's head."""
_HEAD_TOO_LARGE = f"the head or the trailers of the upstream's response are over {HEAD_LIMIT} bytes"


@dataclass(slots=True)
class Read:
    """What one read of the socket brought."""

    at: int
    """Microseconds on the connection's clock."""
    interim: tuple[tuple[int, bytes, Headers], ...] = ()
    """1xx answers: status, reason, headers."""
    head: ResponseHead | None = None
    """Its `t` is 0: the edge does not know when the exchange began."""
    body: list[bytes] = field(default_factory=list)
    """Body bytes, in pieces as the upstream's chunks had them."""
    end: Ending | None = None
    trailers: Headers = ()
    detail: str = ""

    @property
    def data(self) -> bytes:
        return self.body[0] if len(self.body) == 1 else b"".join(self.body)


class ResponseParser:
    """llhttp with its callbacks gathered read by read."""

    def __init__(self, method: str, *, upgrade: bool) -> None:
        """`upgrade`: whether the request asked for another protocol."""
        self._method = method
        self._upgrade = upgrade
        self.switched = False
        """Whether the upstream granted it: what follows is no HTTP."""
        self._body: list[bytes] = []  # of the present read
        # For each chunk, of which a burst has a thousand: a method would double what httptools takes.
        self.on_body = self._body.append
        self._pieces = 0  # of the body in the present read when the response ended
        self._parser = httptools.HttpResponseParser(self)
        self._head_bytes = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._fields_size = 0  # of a head, or of the trailers
        self._reason = b""
        self._framing: Framing | None = None  # set when the final head is complete
        self._persistent = False
        self._read = Read(0)
        self.reusable = False
        """Whether the connection can carry another exchange; known when the response has ended."""

    def feed(self, data: bytes, at: int) -> Read:
        read = self._read = Read(at)
        body = self._body
        if self._framing is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as switch:
            if self.switched and (rest := data[switch.args[0] :]):
                body.append(rest)
        except httptools.HttpParserError as error:
            if not read.end:
                what = "no HTTP response" if self._framing is None else "a malformed body"
                self._fail(f"the upstream sent {what} ({error})")
            self.reusable = False
        if self._framing is None and not read.end and self._head_bytes > HEAD_LIMIT:
            self._fail(_HEAD_TOO_LARGE)
        if read.end and len(body) > self._pieces:  # llhttp can't be told that an answer to HEAD has no body
            self.reusable = False
            del body[self._pieces :]
        read.body = body.copy()
        body.clear()
        return read

    def eof(self, at: int) -> Read:
        """What the end of the connection means here."""
        read = Read(at)
        if self._framing is Framing.CLOSE:
            read.end = Ending.EOF_UNFRAMED
        else:
            read.end = Ending.TRUNCATED
            missing = "before it answered" if self._framing is None else "in the middle of the body"
            read.detail = f"the upstream closed the connection {missing}"
        return read

    def _fail(self, sentence: str) -> None:
        self._end(Ending.ERROR)
        self._read.detail = sentence

    def _end(self, ending: Ending) -> None:
        self._read.end = ending
        self._pieces = len(self._body)

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._read.end:
            self.reusable = False  # bytes behind the response: not an answer to anything
        self._reason = b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields_size += len(name) + len(value) + 4
        if self._fields_size > HEAD_LIMIT:
            if not self._read.end:
                self._fail(_HEAD_TOO_LARGE)
        else:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._read.end:
            return
        status = self._parser.get_status_code()
        headers = tuple(self._headers)
        self._headers.clear()
        self._fields_size = 0
        self.switched = status == SWITCHING_PROTOCOLS and self._upgrade
        if status == SWITCHING_PROTOCOLS and not self._upgrade:
            self._fail("the upstream switched protocols, which nobody asked for")
            return
        if status < 200 and not self.switched:
            self._read.interim += ((status, self._reason, headers),)
            return
        self._framing = response_framing(self._method, status, headers)
        version = self._parser.get_http_version()
        self._persistent = self._framing is not Framing.CLOSE and persistent(version, headers)
        self._read.head = ResponseHead(0, status, self._reason, version, headers, self._framing)
        if self._framing is Framing.NONE and not self.switched:
            self._complete()

    def on_message_complete(self) -> None:
        if self._framing is not None and not self._read.end and not self.switched:
            self._complete()

    def _complete(self) -> None:
        self._end(Ending.CLEAN)
        self._read.trailers = tuple(self._headers)
        self.reusable = self._persistent


class Tunnel:
    """After a switch of protocols: the same interface over bytes that mean nothing here."""

    reusable = switched = False

    def feed(self, data: bytes, at: int) -> Read:
        return Read(at, body=[data])

    def eof(self, at: int) -> Read:
        return Read(at, end=Ending.CLEAN)
