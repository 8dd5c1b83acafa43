"""How to proxy."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from sseproxy.proxy.keep import Keep
from sseproxy.proxy.selection import Selection
from sseproxy.redaction import Rules


@dataclass(frozen=True, slots=True)
class Options:
    """Times are in seconds, sizes in bytes; None is no limit."""

    upstreams: tuple[str, ...]
    """`URL` or `/prefix=URL` each."""
    cassettes: Path
    host: str = "127.0.0.1"
    port: int = 8080
    shared: bool = False
    """Whether other processes listen on the port too."""
    tls: ssl.SSLContext | None = None
    """The certificate to serve https with; None: plain http."""
    upstream_tls: ssl.SSLContext | None = None
    """How https upstreams are verified; None: against the system's store."""
    keep_encoding: bool = False
    keep_host: bool = False
    drain: bool = False
    """Whether the upstream is read to its end though the client left."""
    selection: Selection = field(default_factory=Selection)
    keep: Keep | None = None
    max_body: int | None = None
    max_streams: int | None = None
    redaction: Rules | None = None
    """What is masked; None: what we know of."""
    connect_timeout: float = 10.0
    idle_timeout: float | None = None
    """The longest silence of an upstream: a slow model may think for as long as it wants."""
