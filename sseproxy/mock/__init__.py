"""The mock server: plays cassettes back."""

from sseproxy.mock.app import Mock, Options

__all__ = ["Mock", "Options"]
