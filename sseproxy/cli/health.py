"""`sseproxy health`."""

from __future__ import annotations

import socket

import click

from sseproxy.cli.options import setting
from sseproxy.errors import SseproxyError

_TIMEOUT = 3.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # an address to listen on is not always one to connect to


@click.command()
@setting("--host", default="127.0.0.1", show_default=True, help="Address to ask.")
@setting("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port to ask.")
def health(host: str, port: int) -> None:
    """Tell whether a server listens. Exit 0 if it does, 2 if not: made for container health checks."""
    try:
        socket.create_connection((_ANY.get(host, host), port), _TIMEOUT).close()
    except OSError as error:
        raise SseproxyError(f"nothing answers at {host}:{port}: {error.strerror or error}") from None
