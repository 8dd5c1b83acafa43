"""What events mean to one family of servers."""

from __future__ import annotations

from sseproxy.dialects.last import is_last

__all__ = ["is_last"]
