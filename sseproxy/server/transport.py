"""What asyncio's transports can't do: to know that the peer has everything, and to reset."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys

FLUSH_LIMIT = 5.0
"""Seconds that a peer may take to fetch what it is owed before its connection is reset."""

if sys.platform == "linux":
    import fcntl
    import termios

    def _unsent(descriptor: int) -> int:
        """Bytes that the peer has not acknowledged (SIOCOUTQ)."""
        return int.from_bytes(fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0"), sys.byteorder)
elif sys.platform == "darwin":
    _SO_NWRITE = 0x1024

    def _unsent(descriptor: int) -> int:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            return copy.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)
else:

    def _unsent(descriptor: int) -> int:
        return 0


async def flushed(transport: asyncio.Transport) -> None:
    """Returns when the peer's machine has all that was written, or the connection is gone.

    Nothing tells when the kernel's queue is empty: it has to be asked, where the platform can be asked
    at all.
    """
    sock = transport.get_extra_info("socket")
    while not transport.is_closing() and (  # noqa: ASYNC110 - there is no event to wait for
        transport.get_write_buffer_size() or (sock and _unsent(sock.fileno()))
    ):
        await asyncio.sleep(0.001)


async def reset(transport: asyncio.Transport) -> None:
    """Sends what is owed, then RST.

    A reset destroys what still waits in the kernel, so that has to be gone first.
    """
    try:
        async with asyncio.timeout(FLUSH_LIMIT):
            await flushed(transport)
    except TimeoutError:
        pass  # a peer that does not read will not miss it
    if not transport.is_closing() and (sock := transport.get_extra_info("socket")):
        # Linger 0: close() sends RST and not FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
