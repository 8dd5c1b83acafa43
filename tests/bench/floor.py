"""The least that a proxy in Python can do: bytes from one socket to the other, and nothing known of HTTP.

floor.py UPSTREAM_PORT PORT [FOLDER]

With a folder, what comes from the upstream is first appended to a file, one for each connection: the least
that a recorder can do.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import cast

import uvloop


class Upstream(asyncio.Protocol):
    def __init__(self, client: asyncio.Transport, folder: Path | None) -> None:
        self._client = client
        self._file = tempfile.mkstemp(dir=folder)[0] if folder else None

    def data_received(self, data: bytes) -> None:
        if self._file is not None:
            os.write(self._file, data)
        self._client.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._client.close()
        if self._file is not None:
            os.close(self._file)


class Client(asyncio.Protocol):
    def __init__(self, upstream: int, folder: Path | None) -> None:
        self._port = upstream
        self._folder = folder
        self._upstream: asyncio.Transport | None = None
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            self._upstream, _ = await asyncio.get_running_loop().create_connection(
                lambda: Upstream(self._transport, self._folder), "127.0.0.1", self._port
            )
        except OSError:
            self._transport.close()
            return
        if self._transport.is_closing():  # the client has left meanwhile
            self._upstream.close()
        else:
            self._upstream.write(self._early)

    def data_received(self, data: bytes) -> None:
        if self._upstream:
            self._upstream.write(data)
        else:
            self._early += data

    def connection_lost(self, error: Exception | None) -> None:
        if self._upstream:
            self._upstream.close()


async def main(upstream: int, port: int, folder: Path | None) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Client(upstream, folder), "127.0.0.1", port, backlog=8192
    )
    await server.serve_forever()


if __name__ == "__main__":
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), folder))
