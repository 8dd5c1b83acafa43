"""The recording reverse proxy."""

from sseproxy.proxy.app import Proxy
from sseproxy.proxy.options import Options
from sseproxy.proxy.session import Session

__all__ = ["Options", "Proxy", "Session"]
