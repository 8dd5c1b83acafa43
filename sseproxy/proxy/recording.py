"""What a recorder writes of one exchange, and when."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

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
from sseproxy.redaction import (
    Masker,
    Piece,
    UploadMasker,
    mask_body,
    mask_head,
    mask_headers,
    mask_lines,
    mask_response,
    mask_text,
    mask_url,
)
from sseproxy.sse import parser_for
from sseproxy.upstream import Read

log = logging.getLogger("sseproxy.proxy")

REQUEST_LIMIT = 1024 * 1024
"""Bytes of a request's body that stand in the `request` record; `upload` records hold the rest."""
HOLD = 250_000
"""Microseconds for which bytes are held back that may be the beginning of a secret."""
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
        self._request, self._request_masked = mask_head(request, session.rules)
        name = file_name(wall, request.method, self._request.target, self.head.id)
        self._file = GuestWriter(session.folder, name, on_trouble=session.count_loss)
        self._upload: list[bytes] = []  # the body before the request record is written
        self._upload_size = 0
        self._upload_complete = False
        self._trailers_masked: list[str] = []
        self._upload_lost = False
        self._upload_masker: UploadMasker | None = None  # where the body is not in the request record
        self._upload_held_since: int | None = None
        self._connected = False
        self._begun = False
        self._response: ResponseHead | None = None
        self._masker: Masker | None = None  # once there is a response
        self._cut = 0  # body bytes that came after the cassette was full
        self._switched = False
        self.held_until: int | None = None
        """When `release` is due, on the session's clock; None: nothing is held."""
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
            trailers, self._trailers_masked = self._masked_trailers(trailers)
            self._request = replace(self._request, trailers=trailers)
        t = self._t(self._session.clock.now())
        if not self._begun:
            self._upload.append(data)
            self._write_request()
            return
        lines = self._upload_lines(t, data, final=complete)
        if lines and not self._file.offer(lines):
            self._upload_lost = True
        if complete:
            self._file.write(self._upload_end(t))

    def _upload_lines(self, t: int, data: bytes, *, final: bool) -> bytes:
        """The record of a part of the body, less what is held of it, with what was held before."""
        ready, masked = self._masked_upload(data, final=final)
        if not (self._upload_masker and self._upload_masker.held):
            self._upload_held_since = None
        elif self._upload_held_since is None:
            self._upload_held_since = t
        self._held_until()
        return encode.upload(t, ready, masked) if ready or masked else b""

    def _masked_upload(self, data: bytes, *, final: bool) -> tuple[bytes, list[str]]:
        if self._upload_masker is None:
            self._upload_masker = UploadMasker(self._request.headers, self._session.rules)
        return self._upload_masker.feed(data, final=final)

    def _masked_trailers(self, trailers: Headers) -> tuple[Headers, list[str]]:
        """As they may be written, and what was masked."""
        masked, names = mask_headers(trailers, self._session.rules)
        return masked, [name.replace("headers", "trailers", 1) for name in names]

    def connected(self) -> None:
        """There is an upstream. Before, nothing is written: the last free descriptor is the stream's."""
        self._connected = True
        self._write_request()

    def _write_request(self) -> None:
        if self._connected and (self._upload_complete or self._upload_size >= REQUEST_LIMIT):
            self._file.write(self._begin())

    def _upload_end(self, t: int) -> bytes:
        whole = not (self._upload_lost or (self._upload_masker and self._upload_masker.refused))
        complete = self._upload_complete and whole
        size, trailers = self._upload_size, self._request.trailers
        return encode.upload_end(t, size, trailers, self._trailers_masked, complete=complete)

    def _begin(self) -> bytes:
        """The first lines: the head and the request with what of its body has come."""
        if self._begun:
            return b""
        self._begun = True
        body = b"".join(self._upload)
        self._upload.clear()
        if self._upload_complete:
            ready, masked = mask_body(self._request.headers, body, self._session.rules)
            masked += self._trailers_masked
        else:
            ready, masked = self._masked_upload(body, final=False)
        self._request = replace(self._request, body=ready, complete=self._upload_complete)
        return encode.head(self.head) + encode.request(self._request, self._request_masked + masked)

    # The response.

    def received(self, read: Read, *, client_is_gone: bool) -> None:
        """One read of the upstream, in one write, before anything of it is sent on.

        `client_is_gone`: the upstream is read to its end all the same.
        """
        t = self._t(read.at)
        if not (read.head or read.end or self._switched):
            data = self._within_limit(read.data)
            if data and self._masker and self._masker.passes(data):
                self._file.write_data(t, data)
            elif pieces := self._masked(t, data):
                self._file.write(b"", pieces)
            return
        lines = b""
        pieces = []
        if read.head:
            self._response = replace(read.head, t=t)
            self._masker = Masker(read.head.headers, self._session.rules)
            lines = self._begin() + encode.response(*mask_response(self._response, self._session.rules))
            if read.head.status == SWITCHING_PROTOCOLS:
                self._switched = True
                lines += encode.note(t, "a WebSocket: its messages are not recorded", ["websocket"])
        if read.body and not self._switched:
            pieces = self._masked(t, self._within_limit(read.data))
        if read.end:
            end = End(t, read.end, 0, read.trailers, client_left=client_is_gone, detail=read.detail)
            self._finish(end, lines, pieces)
        elif lines or pieces:
            self._file.write(lines, pieces)

    def _masked(self, t: int, data: bytes) -> list[Piece]:
        """What may be written of an arrival, and of those before it of which something is held."""
        masker = self._masker
        if not (masker and data) or masker.refused:
            return []
        pieces = masker.feed(t, data)
        self._held_until()
        if masker.refused:
            log.warning("%s is not fully recorded: %s", self.head.id, masker.refused)
            self._session.count_loss()
        return pieces

    def _held_until(self) -> None:
        held = self._masker.held_since if self._masker else None
        since = [t for t in (held, self._upload_held_since) if t is not None]
        self.held_until = self._arrived + min(since) + HOLD if since else None

    def release(self) -> None:
        """Writes what is held, masked: what would have told whether it is a secret did not come in time."""
        now = self._t(self._session.clock.now())
        ready, names = self._upload_masker.flush() if self._upload_masker else (b"", [])
        self._upload_held_since = None
        lines = encode.upload(now, ready, names) if names else b""
        pieces = self._masker.flush() if self._masker else []
        if lines or pieces:
            self._file.write(lines, pieces)
        self._held_until()

    def _within_limit(self, data: bytes) -> bytes:
        """The data of an arrival, if the cassette has room for it and had room for all before it."""
        limit = self._session.max_body
        if self._cut or (limit is not None and self._stored + len(data) > limit):
            self._cut += len(data)
            return b""
        return data

    @property
    def _stored(self) -> int:
        """Body bytes that the cassette holds, or will when it is decided what to mask."""
        return self._file.stored + (self._masker.held if self._masker else 0)

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

    def _finish(self, end: End, lines: bytes = b"", pieces: Sequence[Piece] = ()) -> None:
        """Both the end and the final name are on disk before the client has the end of the body."""
        lines = self._begin() + lines
        if not self._upload_complete:
            lines += self._upload_lines(end.t, b"", final=True) + self._upload_end(end.t)
        masker = self._masker
        if masker:
            pieces = [*pieces, *masker.finish()]
        if masker and masker.refused:
            end = replace(end, reason=Ending.LOSSY, detail=masker.refused)
        elif self._cut and end.reason.whole:
            held = self._file.stored + sum(len(piece.data) for piece in pieces)
            detail = f"the cassette holds the first {held} of {held + self._cut} body bytes"
            end = replace(end, reason=Ending.LIMIT, detail=detail)
        names: list[str] = []
        if end.trailers or end.detail:
            trailers, names = self._masked_trailers(end.trailers)
            end = replace(end, trailers=trailers, detail=mask_text(end.detail, self._session.rules))
        mask = self._mask_whole if masker and masker.unfinished else None
        self.end = self._file.finish(lines, pieces, end, names, mask=mask)

    def _mask_whole(self, cassette: BinaryIO) -> Iterable[bytes]:
        """What is known at the end of a stream alone: a secret that several of its events spelled."""
        lines, findings = mask_lines(cassette, self._session.rules)
        return lines if findings else ()
