"""One exchange through the proxy: each read is written to the cassette, then to the client."""

from __future__ import annotations

import asyncio

from sseproxy.exchange import End, Ending
from sseproxy.http1 import SWITCHING_PROTOCOLS, ResponseFramer, chunk, interim_head, last_chunk
from sseproxy.proxy.recorder import Recorder
from sseproxy.server import Client
from sseproxy.upstream import Connection, Read


class Tee:
    """What the upstream tells (`received`) and what the client does (`client_…`), as it happens.

    All of it runs inside the event loop's own callbacks, so that nothing lies between a read and its
    recording, or between its recording and its forwarding.
    """

    def __init__(self, client: Client, recorder: Recorder, *, drain: bool) -> None:
        """`drain`: read the upstream to its end though the client left."""
        self._client = client
        self._recorder = recorder
        self._drain = drain
        self._upstream: Connection | None = None
        self._client_is_slow = False
        self._client_is_gone = False
        self._asked = False
        self._waiting: list[bytes] = []  # what of the request's body came before there was an upstream
        self.framer: ResponseFramer | None = None
        """Set when the client has the response's head."""
        self.done: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        """How the stream ended; its reason and detail are what the client is still to be told."""

    def send(self, upstream: Connection, head: bytes, *, upgrade: bool) -> None:
        """Sends the request's head and what of its body has come; `upgrade`: it asks for another protocol."""
        self._upstream = upstream
        self._recorder.connected()
        upstream.send(self._client.request.method, head + self._framed_waiting(), self, upgrade=upgrade)
        if self._client_is_slow:
            upstream.pause()
        if self._asked:
            upstream.await_answer()

    def upload(self, data: bytes, *, complete: bool) -> None:
        """A part of the request's body, `complete` with the last: recorded, then sent on."""
        if self.done.done():
            return  # a server that has answered does not want the rest
        trailers = self._client.trailers if complete else ()
        self._recorder.upload(data, complete=complete, trailers=trailers)
        self._asked = complete
        if data:
            self._waiting.append(chunk(data) if self._client.chunked else data)
        if complete and self._client.chunked:
            self._waiting.append(last_chunk(trailers))
        if self._upstream:
            self._upstream.send_more(self._framed_waiting())
            if complete:
                self._upstream.await_answer()

    def _framed_waiting(self) -> bytes:
        waiting = b"".join(self._waiting)
        self._waiting.clear()
        return waiting

    def received(self, read: Read) -> None:
        if self.done.done():
            return
        self._recorder.received(read, client_is_gone=self._client_is_gone)
        if self.framer and not read.end:
            self._client.write(self.framer.body(read.body))
        else:
            self._begin_or_end(read)

    def _begin_or_end(self, read: Read) -> None:
        out: list[bytes] = []
        if self._client.request.version == "1.1":
            out += [interim_head(*answer) for answer in read.interim]
        if read.head:
            self.framer = self._client.framer(read.head)
            out.append(self.framer.head())
        if self.framer:
            out.append(self.framer.body(read.body))
            if read.end and read.end.whole:
                out.append(self.framer.last(read.trailers))
        self._client.write(b"".join(out))
        if read.head and read.head.status == SWITCHING_PROTOCOLS and self._upstream:
            self._upstream.on_full = self._client.hold
            self._client.tunnel(self._upstream.send_more)
        if read.end:
            self._finish(read.end, read.detail)

    def stop(self, reason: Ending, detail: str) -> None:
        """Ends the exchange for a reason that neither side gave; does nothing once it has ended."""
        if not self.done.done():
            if self._upstream:
                self._upstream.abort()
            self._recorder.stop(reason, detail)
            self._finish(reason, detail)

    def client_paused(self) -> None:
        self._client_is_slow = True
        if self._upstream and not self.done.done():
            self._upstream.pause()

    def client_resumed(self) -> None:
        self._client_is_slow = False
        if self._upstream and not self.done.done():
            self._upstream.resume()

    def client_left(self) -> None:
        if self.done.done():
            return
        if self._drain and self._asked and self._upstream:
            self._client_is_gone = True
            self.client_resumed()
            return
        if self._upstream:
            self._upstream.abort()
        self._recorder.client_left(owed=self._client_is_slow)
        self._finish(Ending.CLIENT_LEFT)

    def _finish(self, reason: Ending, detail: str = "") -> None:
        if self._client_is_gone and self._upstream:
            self._upstream.abort()  # nobody is there to send another request on it
        # The recording may say `lossy` where the stream itself was whole: the client is told of the stream.
        self.done.set_result(End(0, reason, 0, detail=detail))
