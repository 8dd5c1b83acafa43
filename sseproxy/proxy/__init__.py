"""The recording reverse proxy."""

from sseproxy.proxy.app import Options, Proxy

__all__ = ["Options", "Proxy"]
