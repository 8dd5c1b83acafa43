"""The recording reverse proxy."""

from sseproxy.proxy.app import Proxy
from sseproxy.proxy.options import Options

__all__ = ["Options", "Proxy"]
