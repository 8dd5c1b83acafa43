"""The upstream edge: one HTTP/1.1 connection, read by read, each read with its time.

A raw asyncio.Protocol over llhttp (httptools) and not an HTTP client library: a client decompresses, follows
redirects, keeps cookies, invents headers, quotes targets anew, merges reads and takes a reset
for the end of a body. Here what one call of `data_received` brings is handed on, in that call, as one
`Read`; no task wakes up for it.

The interface is small so that it can be replaced and faked: `Upstream.connect()` gives a
`Connection`; `Connection.send(head, …)` starts an exchange; its `Sink` gets reads until one has an end.
"""

from sseproxy.upstream.connection import Connection, Sink
from sseproxy.upstream.origin import ConnectError, Upstream, tls_context
from sseproxy.upstream.response import Read

__all__ = ["ConnectError", "Connection", "Read", "Sink", "Upstream", "tls_context"]
