"""The mock server: plays cassettes back."""

from sseproxy.mock.app import Mock, Options, Watcher

__all__ = ["Mock", "Options", "Watcher"]
