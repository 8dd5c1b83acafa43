"""When the bytes of a stream came. Times are in microseconds."""

from __future__ import annotations

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Findings, Found
from sseproxy.analysis.lint.finding import Place

STALL = 5_000_000
"""A pause that people notice, and no token takes so long."""
SILENCE = 55_000_000
"""Proxies and load balancers that cut idle connections mostly do so after 60 s."""
BURST_AFTER = 1_000_000
"""The shortest pause behind which tokens are suspected of having been held back."""
MANY = 8
"""Tokens that don't come in one read unless something held them back, where they came singly before."""
SINGLY = 2.0
"""Tokens a read on the average, at most: they came as they were made."""
_KNOWN = 4  # reads with tokens before the rhythm is known


class Timing:
    """Looks at each read once, in order."""

    def __init__(self, began: int) -> None:
        """`began`: when the response's head came."""
        self._last = began
        self._events_seen = False
        self._tokens = 0
        self._reads = 0  # that brought tokens

    def read(self, t: int, tokens: int, place: Place, *, events: bool) -> Findings:
        """A read that brought so many tokens, at the place of the first thing in it."""
        gap = t - self._last
        told = f"{gap / 1e6:.3f} s"
        if gap >= SILENCE:
            yield Found(rules.SILENCE, place, f"not a byte came for {told}")
        elif gap >= STALL and self._events_seen:
            yield Found(rules.STALL, place, f"nothing came for {told}")
        rhythm_is_known = self._reads >= _KNOWN and self._tokens <= SINGLY * self._reads
        if gap >= BURST_AFTER and tokens >= MANY and rhythm_is_known:
            message = f"{tokens} tokens came in one read, after a pause of {told}"
            yield Found(rules.BURST, place, message)
        self._last = t
        self._events_seen |= events
        self._tokens += tokens
        self._reads += tokens > 0

    def end(self, place: Place) -> Findings:
        if self._tokens >= MANY and self._reads == 1:
            yield Found(rules.ONE_READ, place, f"all {self._tokens} tokens came in one read")
