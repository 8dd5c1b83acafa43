"""What a recorder writes of one exchange, and when.

A recording is a guest: whatever happens to it, the stream goes on. A write that fails leaves a hole,
which is told loudly and stands in the cassette when writing works again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from random import SystemRandom

import sseproxy
from sseproxy.analysis.events import read_stream
from sseproxy.cassette import encode
from sseproxy.cassette.naming import Ids, file_name, wall_text
from sseproxy.cassette.store import load, tail_body
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.clock import Clock
from sseproxy.dialects import is_last
from sseproxy.errors import CassetteError
from sseproxy.exchange import HOLE, End, Ending, Head, Request, ResponseHead, tokens
from sseproxy.redaction import mask_request, mask_response, mask_url
from sseproxy.sse import EventStreamParser
from sseproxy.upstream import Read

log = logging.getLogger(__name__)

REQUEST_LIMIT = 1024 * 1024
"""Bytes of a request's body that stand in the `request` record; `upload` records hold the rest."""
TAIL = 1024 * 1024
"""Bytes of a cassette in which the last event is looked for when the client leaves."""


class Session:
    """One run of the recording proxy: its cassettes share an id and a clock."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.ids = Ids(SystemRandom())
        self.id = self.ids.next(clock.wall())
        self.started = clock.now()
        self.lost = 0
        """How many recordings have a hole or could not be made."""

    def record(self, request: Request, arrived: int, upstream: str) -> Recording:
        """A recording of the exchange whose head was read at `arrived` on the session's clock."""
        return Recording(self, request, arrived, upstream)


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
        self._name = file_name(wall, request.method, self._request.target, self.head.id)
        self._upload: list[bytes] = []  # the body before the request record is written
        self._upload_size = 0
        self._upload_complete = False
        self._begun = False
        self._response: ResponseHead | None = None
        self._writer: CassetteWriter | None = None
        self._owed = b""  # lines that could not be written yet and that must not be missing
        self._stored = 0
        self._open_hole = 0  # body bytes that could not be written since the last data that could
        self._lost = 0  # body bytes in the holes that a note tells of
        self._trouble = ""  # the first reason is logged, the latest is kept
        self.end: End | None = None

    @property
    def path(self) -> Path | None:
        """Where the cassette is, if it could be made."""
        return self._writer.path if self._writer else None

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

    def upload(self, data: bytes, *, complete: bool) -> None:
        """A part of the request's body, before it is sent on; `complete` with the last."""
        self._upload_size += len(data)
        self._upload_complete = complete
        t = self._t(self._session.clock.now())
        if not self._begun:
            self._upload.append(data)
            if complete or self._upload_size >= REQUEST_LIMIT:
                self._write(self._begin())
            return
        lines = encode.upload(t, data) if data else b""
        self._write(lines + (self._upload_end(t) if complete else b""))

    def _upload_end(self, t: int) -> bytes:
        return encode.upload_end(t, self._upload_size, complete=self._upload_complete)

    def _begin(self) -> bytes:
        """The first lines: the head and the request with what of its body has come."""
        if self._begun:
            return b""
        self._begun = True
        self._request = replace(self._request, body=b"".join(self._upload), complete=self._upload_complete)
        self._upload.clear()
        return encode.head(self.head) + encode.request(self._request, self._request_masked)

    # The response.

    def received(self, read: Read) -> None:
        """One read of the upstream, in one write, before anything of it is sent on."""
        t = self._t(read.at)
        lines = data = b""
        if read.head:
            self._response = replace(read.head, t=t)
            lines = self._begin() + encode.response(*mask_response(self._response))
        if read.body:
            data = read.data
        if read.end:
            self._finish(End(t, read.end, 0, read.trailers, detail=read.detail), lines, data)
        elif lines or data:
            self._write(lines, data, t)

    def client_left(self) -> None:
        """The client closed: whether it had the whole stream, the dialect knows."""
        whole = self._had_everything()
        reason = Ending.CLEAN if whole else Ending.CLIENT_LEFT
        self._finish(End(self._t(self._session.clock.now()), reason, 0, client_left=whole))

    def stop(self, reason: Ending, detail: str) -> None:
        """Ends the recording for a reason that is not a read of the upstream's."""
        self._finish(End(self._t(self._session.clock.now()), reason, 0, detail=detail))

    def _had_everything(self) -> bool:
        """Looks at the cassette's end, so that nothing has to be parsed while bytes flow."""
        if self._trouble or self._writer is None or self._response is None:
            return False
        try:
            if tokens(self._response.headers, b"content-encoding"):
                events = [timed.event for timed in read_stream(load(self._writer.path)).events]
            else:
                events = EventStreamParser().feed(tail_body(self._writer.path, TAIL))
        except (OSError, CassetteError):
            return False
        dispatched = [event for event in events if event.dispatched]
        return bool(dispatched) and is_last(dispatched[-1])

    # The writes.

    def _write(self, lines: bytes, data: bytes = b"", t: int = 0) -> None:
        """One write: lines that the cassette makes no sense without, then one arrival's data."""
        self._owed += lines
        coded = self._hole_note(t) + encode.data(t, data) if data else b""
        if self._append(self._owed + coded):
            self._owed = b""
            if data:
                self._stored += len(data)
                self._lost += self._open_hole
                self._open_hole = 0
        else:
            self._open_hole += len(data)

    def _hole_note(self, t: int) -> bytes:
        """Marks where data that could not be written is missing."""
        if not self._open_hole:
            return b""
        text = f"{self._open_hole} body bytes are missing here: {self._trouble}"
        return encode.note(t, text, [HOLE])

    def _finish(self, end: End, lines: bytes = b"", data: bytes = b"") -> None:
        """The last write and the final name; both are done before the client has the end of the body."""
        begun = self._begun
        self._owed += self._begin() + lines
        if begun and not self._upload_complete:
            self._owed += self._upload_end(end.t)
        self.end = replace(end, bytes=self._stored + len(data))
        coded = encode.data(end.t, data) if data else b""
        if self._trouble or not self._append(self._owed + coded + encode.end(self.end)):
            self._finish_after_trouble(end, data)
        if self._writer:
            self._writer.close()

    def _finish_after_trouble(self, end: End, data: bytes) -> None:
        """As much as can be written now. Without an end the `.part` stays, and tells that it is not whole."""
        self._write(b"", data, end.t)
        missing = self._lost + self._open_hole
        self.end = replace(end, bytes=self._stored)
        if missing:
            detail = (
                f"{missing} body bytes were not recorded: {self._trouble}; the stream went on ({end.reason})"
            )
            self.end = replace(self.end, reason=Ending.LOSSY, detail=detail)
        self._append(self._owed + self._hole_note(end.t) + encode.end(self.end))

    def _append(self, lines: bytes) -> bool:
        try:
            if self._writer is None:
                self._writer = CassetteWriter(self._session.folder, self._name)
            self._writer.append(lines, last=self.end is not None)
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: OSError) -> None:
        if not self._trouble:
            log.error("%s is not fully recorded: %s; the stream itself goes on", self._name, error.strerror)
            self._session.lost += 1
        self._trouble = error.strerror or str(error)
