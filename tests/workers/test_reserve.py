"""Holding a port for several processes."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.server import reserve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's rules for ports are Linux's")

HOST = "127.0.0.1"


@contextmanager
def listening(port: int = 0, *options: int) -> Iterator[socket.socket]:
    """As a server does it: SO_REUSEADDR, and these options."""
    with socket.socket() as sock:
        for option in (socket.SO_REUSEADDR, *options):
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.bind((HOST, port))
        sock.listen()
        yield sock


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def test_port_0_takes_one_that_is_free_and_another_the_next_time() -> None:
    with closing(reserve(HOST, 0)) as one, closing(reserve(HOST, 0)) as other:
        assert port_of(one) != port_of(other)


def test_several_may_listen_on_a_port_that_is_held_and_nobody_else_may() -> None:
    with closing(reserve(HOST, 0)) as held:
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)), listening(port_of(held)):
            pass
        with (
            listening(port_of(held), socket.SO_REUSEPORT),
            listening(port_of(held), socket.SO_REUSEPORT) as second,
        ):
            assert port_of(second) == port_of(held)


def test_who_holds_a_port_gets_no_connection() -> None:
    with closing(reserve(HOST, 0)) as held, pytest.raises(ConnectionRefusedError):
        socket.create_connection(held.getsockname())


@pytest.mark.parametrize("options", [(), (socket.SO_REUSEPORT,)], ids=["alone", "shared by others"])
def test_a_port_where_somebody_listens_is_in_use(options: tuple[int, ...]) -> None:
    with listening(0, *options) as taken:
        with pytest.raises(SseproxyError) as refused:
            reserve(HOST, port_of(taken))
        assert str(refused.value).startswith(f"can't listen on {HOST}:{port_of(taken)}: the port is in use")


@pytest.mark.parametrize("still_open", [True, False], ids=["open", "closed just now"])
def test_connections_of_a_server_that_has_stopped_do_not_keep_its_port(still_open: bool) -> None:
    """A server that closes first leaves its end in TIME_WAIT, for a minute."""
    with listening() as before:
        address = before.getsockname()
        client = socket.create_connection(address)
        served, _ = before.accept()
    with client, served:
        if not still_open:
            served.close()
            assert client.recv(1) == b""
            client.close()
        with closing(reserve(*address)) as held, listening(port_of(held), socket.SO_REUSEPORT):
            pass


@pytest.mark.parametrize(
    ("host", "said"),
    [
        pytest.param(
            "192.0.2.1", "can't listen on 192.0.2.1:0: cannot assign requested address", id="not ours"
        ),
        pytest.param("no.invalid", "can't listen on no.invalid:0: ", id="unknown"),
    ],
)
def test_where_nobody_can_listen_is_told_in_one_line(host: str, said: str) -> None:
    with pytest.raises(SseproxyError) as refused:
        reserve(host, 0)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
