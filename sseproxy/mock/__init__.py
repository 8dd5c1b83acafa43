"""The mock server: plays cassettes back."""

from sseproxy.mock.app import Mock, Options, Watcher
from sseproxy.mock.collector import Collector

__all__ = ["Collector", "Mock", "Options", "Watcher"]
