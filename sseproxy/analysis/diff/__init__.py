"""Two exchanges, aligned by what their events are, and told apart: content, order, timing, wire."""

from __future__ import annotations

from sseproxy.analysis.diff.change import Change
from sseproxy.analysis.diff.compare import Diff, Heading, diff
from sseproxy.analysis.diff.pairing import Pairs, pair
from sseproxy.analysis.diff.plain import plain

__all__ = ["Change", "Diff", "Heading", "Pairs", "diff", "pair", "plain"]
