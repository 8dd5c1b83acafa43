"""The side that clients talk to: aiohttp's low-level server, kept from adding anything of its own.

aiohttp parses requests and looks after connections; the bytes of a response are written by us, straight to
the transport. What this takes of aiohttp's inside stands in `connection` alone.
"""

from sseproxy.server.client import BodyError, Client
from sseproxy.server.connection import WAITING_LIMIT, Connection, Listener
from sseproxy.server.listen import Running, listen, reserve, serving_context

__all__ = [
    "WAITING_LIMIT",
    "BodyError",
    "Client",
    "Connection",
    "Listener",
    "Running",
    "listen",
    "reserve",
    "serving_context",
]
