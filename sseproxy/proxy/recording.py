"""What a recorder writes of one exchange, and when."""

from __future__ import annotations

from dataclasses import replace

import sseproxy
from sseproxy.cassette import encode
from sseproxy.cassette.naming import file_name, wall_text
from sseproxy.cassette.store import tail_body
from sseproxy.dialects import is_last
from sseproxy.errors import CassetteError
from sseproxy.exchange import End, Ending, Framing, Head, Headers, Request, ResponseHead, header, media_type
from sseproxy.http1 import SWITCHING_PROTOCOLS
from sseproxy.proxy.guest import GuestWriter
from sseproxy.proxy.session import Session
from sseproxy.redaction import mask_headers, mask_request, mask_response, mask_url
from sseproxy.sse import parser_for
from sseproxy.upstream import Read

REQUEST_LIMIT = 1024 * 1024
"""Bytes of a request's body that stand in the `request` record; `upload` records hold the rest."""
TAIL = 1024 * 1024
"""Bytes of a cassette in which the last event is looked for when the client leaves."""


class Recording:
    """One exchange on its way into a cassette."""

    def __init__(self, session: Session, request: Request, arrived: int, upstream: str) -> None:
        self._session = session
        self._arrived = arrived
        wall = session.clock.wall()
        self.head = Head(
            id=session.ids.next(wall),
            by=f"sseproxy/{sseproxy.__version__}",
            wall=wall_text(wall),
            session=session.id,
            session_t=arrived - session.started,
            upstream=mask_url(upstream),
        )
        self._request, self._request_masked = mask_request(request)
        name = file_name(wall, request.method, self._request.target, self.head.id)
        self._file = GuestWriter(session.folder, name, on_trouble=session.count_loss)
        self._upload: list[bytes] = []  # the body before the request record is written
        self._upload_size = 0
        self._upload_complete = False
        self._upload_lost = False
        self._connected = False
        self._begun = False
        self._response: ResponseHead | None = None
        self._cut = 0  # body bytes that came after the cassette was full
        self._switched = False
        self.end: End | None = None

    @property
    def target(self) -> bytes:
        """The request's target as it may be shown."""
        return self._request.target

    @property
    def status(self) -> int | None:
        return self._response.status if self._response else None

    def _t(self, at: int) -> int:
        return max(0, at - self._arrived)

    # The request.

    def upload(self, data: bytes, *, complete: bool, trailers: Headers) -> None:
        """A part of the request's body, before it is sent on; `complete` with the last, and its trailers."""
        self._upload_size += len(data)
        self._upload_complete = complete
        if trailers:
            self._request = replace(self._request, trailers=mask_headers(trailers)[0])
        t = self._t(self._session.clock.now())
        if not self._begun:
            self._upload.append(data)
            self._write_request()
            return
        if data and not self._file.offer(encode.upload(t, data)):
            self._upload_lost = True
        if complete:
            self._file.write(self._upload_end(t))

    def connected(self) -> None:
        """There is an upstream. Before, nothing is written: the last free descriptor is the stream's."""
        self._connected = True
        self._write_request()

    def _write_request(self) -> None:
        if self._connected and (self._upload_complete or self._upload_size >= REQUEST_LIMIT):
            self._file.write(self._begin())

    def _upload_end(self, t: int) -> bytes:
        complete = self._upload_complete and not self._upload_lost
        return encode.upload_end(t, self._upload_size, self._request.trailers, complete=complete)

    def _begin(self) -> bytes:
        """The first lines: the head and the request with what of its body has come."""
        if self._begun:
            return b""
        self._begun = True
        self._request = replace(self._request, body=b"".join(self._upload), complete=self._upload_complete)
        self._upload.clear()
        return encode.head(self.head) + encode.request(self._request, self._request_masked)

    # The response.

    def received(self, read: Read, *, client_is_gone: bool) -> None:
        """One read of the upstream, in one write, before anything of it is sent on.

        `client_is_gone`: the upstream is read to its end all the same.
        """
        t = self._t(read.at)
        if not (read.head or read.end or self._switched):
            if data := self._within_limit(read.data):
                self._file.write(b"", data, t)
            return
        lines = data = b""
        if read.head:
            self._response = replace(read.head, t=t)
            lines = self._begin() + encode.response(*mask_response(self._response))
            if read.head.status == SWITCHING_PROTOCOLS:
                self._switched = True
                lines += encode.note(t, "a WebSocket: its messages are not recorded", ["websocket"])
        if read.body and not self._switched:
            data = self._within_limit(read.data)
        if read.end:
            trailers, _ = mask_headers(read.trailers)
            end = End(t, read.end, 0, trailers, client_left=client_is_gone, detail=read.detail)
            self._finish(end, lines, data)
        elif lines or data:
            self._file.write(lines, data, t)

    def _within_limit(self, data: bytes) -> bytes:
        """The data of an arrival, if the cassette has room for it and had room for all before it."""
        limit = self._session.max_body
        if self._cut or (limit is not None and self._file.stored + len(data) > limit):
            self._cut += len(data)
            return b""
        return data

    def client_left(self, *, owed: bool) -> None:
        """The client closed: whether it had the whole stream, the dialect knows.

        `owed`: something of it was still waiting to be sent.
        """
        whole = not owed and self._had_everything()
        reason = Ending.CLEAN if whole else Ending.CLIENT_LEFT
        self._finish(End(self._t(self._session.clock.now()), reason, 0, client_left=whole))

    def stop(self, reason: Ending, detail: str) -> None:
        """Ends the recording for a reason that is not a read of the upstream's."""
        self._finish(End(self._t(self._session.clock.now()), reason, 0, detail=detail))

    def abandon(self) -> None:
        """Leaves the cassette as it is, without an end: readers call it incomplete."""
        self._session.count_loss()
        self._file.abandon()

    def _had_everything(self) -> bool:
        """Looks at the cassette's end, so that nothing has to be parsed while bytes flow.

        False where that can't tell: a coded stream would have to be decoded from its start.
        """
        path, response = self._file.path, self._response
        if self._file.trouble or path is None or response is None:
            return False
        if response.framing is Framing.LENGTH:
            return False  # the length says that more was to come, whatever the last event was
        parser = parser_for(media_type(response.headers))
        if parser is None or header(response.headers, b"content-encoding"):
            return False
        try:
            events = parser.feed(tail_body(path, TAIL))
        except (OSError, CassetteError):
            return False
        dispatched = [event for event in events if event.dispatched]
        return bool(dispatched) and is_last(dispatched[-1]) and parser.unfinished is None

    def _finish(self, end: End, lines: bytes = b"", data: bytes = b"") -> None:
        """Both the end and the final name are on disk before the client has the end of the body."""
        lines = self._begin() + lines
        if not self._upload_complete:
            lines += self._upload_end(end.t)
        if self._cut and end.reason.whole:
            held = self._file.stored
            detail = f"the cassette holds the first {held} of {held + self._cut} body bytes"
            end = replace(end, reason=Ending.LIMIT, detail=detail)
        self.end = self._file.finish(lines, data, end)
