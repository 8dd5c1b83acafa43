"""One exchange through the proxy: each read is written to the cassette, then to the client."""

from __future__ import annotations

import asyncio

from sseproxy.exchange import End, Ending
from sseproxy.http1 import ResponseFramer, interim_head
from sseproxy.proxy.recording import Recording
from sseproxy.server import Client
from sseproxy.upstream import Connection, Read


class Tee:
    """What the upstream tells (`received`) and what the client does (`client_…`), as it happens.

    All of it runs inside the event loop's own callbacks, so that nothing lies between a read and its
    recording, or between its recording and its forwarding.
    """

    def __init__(self, client: Client, recording: Recording) -> None:
        self._client = client
        self._recording = recording
        self._upstream: Connection | None = None
        self._client_is_slow = False
        self.framer: ResponseFramer | None = None
        """Set when the client has the response's head."""
        self.done: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        """How the stream ended; its reason and detail are what the client is still to be told."""

    def attach(self, upstream: Connection) -> None:
        """From here on, what goes wrong on one side is the other's concern."""
        self._upstream = upstream
        if self._client_is_slow:
            upstream.pause()

    def received(self, read: Read) -> None:
        if self._recording.end:
            return
        self._recording.received(read)
        out: list[bytes] = []
        if self._client.request.version == "1.1":
            out += [interim_head(*answer) for answer in read.interim]
        if read.head:
            self.framer = self._client.framer(read.head)
            out.append(self.framer.head())
        if self.framer and read.body:
            out.append(self.framer.body(read.body))
        if self.framer and read.end and read.end.whole:
            out.append(self.framer.last(read.trailers))
        self._client.write(b"".join(out))
        if read.end:
            self._finish(read.end, read.detail)

    def stop(self, reason: Ending, detail: str) -> None:
        """Ends the exchange for a reason that neither side gave; does nothing once it has ended."""
        if not self._recording.end:
            if self._upstream:
                self._upstream.abort()
            self._recording.stop(reason, detail)
            self._finish(reason, detail)

    def client_paused(self) -> None:
        self._client_is_slow = True
        if self._upstream:
            self._upstream.pause()

    def client_resumed(self) -> None:
        self._client_is_slow = False
        if self._upstream:
            self._upstream.resume()

    def client_left(self) -> None:
        if not self._recording.end:
            if self._upstream:
                self._upstream.abort()
            self._recording.client_left()
            self._finish(Ending.CLIENT_LEFT)

    def _finish(self, reason: Ending, detail: str = "") -> None:
        # The recording may say `lossy` where the stream itself was whole: the client is told of the stream.
        if not self.done.done():
            self.done.set_result(End(0, reason, 0, detail=detail))
