"""A hundred clients that misbehave until they are stopped.

python -m tests.bench.nuisance PORT TARGET BODY
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Awaitable, Callable

CLIENTS = 100
PAUSE = 0.2
"""Seconds that each waits before it does the same again: 500 misdeeds a second in all."""
STUBBORN = 5.0
"""Seconds for which one that does not read, or does not finish its request, stays."""


async def connected(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return sock


async def ask_and_not_read(sock: socket.socket, request: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, request)
    await asyncio.sleep(STUBBORN)


async def reset_in_mid_stream(sock: socket.socket, request: bytes) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, request)
    await loop.sock_recv(sock, 1024)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def begin_and_fall_silent(sock: socket.socket, request: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, request[:30])
    await asyncio.sleep(STUBBORN)


async def talk_nonsense(sock: socket.socket, request: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, b"\x16\x03\x01 EHLO \xff\r\n\r\n" * 20)


async def ask_for_what_is_not_there(sock: socket.socket, request: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, request.replace(b"/bench/", b"/none/", 1))
    await asyncio.get_running_loop().sock_recv(sock, 1024)


Misdeed = Callable[[socket.socket, bytes], Awaitable[None]]

MISDEEDS: tuple[Misdeed, ...] = (
    ask_and_not_read,
    reset_in_mid_stream,
    begin_and_fall_silent,
    talk_nonsense,
    ask_for_what_is_not_there,
)


async def misbehave(port: int, misdeed: Misdeed, request: bytes, after: float) -> None:
    await asyncio.sleep(after)
    while True:
        with contextlib.suppress(OSError), await connected(port) as sock:
            await misdeed(sock, request)
        await asyncio.sleep(PAUSE)


async def main(port: int, target: str, body: str) -> None:
    head = f"POST {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    async with asyncio.TaskGroup() as clients:
        for number in range(CLIENTS):
            misdeed = MISDEEDS[number % len(MISDEEDS)]
            clients.create_task(misbehave(port, misdeed, request, number * PAUSE / CLIENTS))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
