"""When the bytes of a stream came. Times are in microseconds."""

from __future__ import annotations

from sseproxy.analysis.gaps import STALL, Silences
from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Block, Findings, Found, told
from sseproxy.analysis.lint.finding import Place

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
        self._silences = Silences[tuple[str, Place]]()
        self._told: list[int] = []  # the ends of silences that other findings tell of
        self._tokens = 0
        self._reads = 0  # that brought tokens

    def hear(self, block: Block) -> None:
        """An event that listeners see."""
        self._silences.hear(block.place.t or 0, (block.meaning.kind, block.place))

    def read(self, t: int, tokens: int, place: Place) -> Findings:
        """A read that brought so many tokens, at the place of the first thing in it."""
        gap = t - self._last
        pause = f"{gap / 1e6:.3f} s"
        if gap >= SILENCE:
            self._told.append(t)
            yield Found(rules.SILENCE, place, f"not a byte came for {pause}")
        rhythm_is_known = self._reads >= _KNOWN and self._tokens <= SINGLY * self._reads
        if gap >= BURST_AFTER and tokens >= MANY and rhythm_is_known:
            self._told.append(t)
            message = f"{tokens} tokens came in one read, after a pause of {pause}"
            yield Found(rules.BURST, place, message)
        self._last = t
        self._tokens += tokens
        self._reads += tokens > 0

    def end(self, place: Place) -> Findings:
        """`place`: that of the ending."""
        yield from self._stalls(place)
        if self._tokens >= MANY and self._reads == 1:
            yield Found(rules.ONE_READ, place, f"all {self._tokens} tokens came in one read")

    def _stalls(self, end: Place) -> Findings:
        """Those that no other finding tells of."""
        for before, after, length in self._silences.stalls():
            place = after[1]
            if not any((before[1].t or 0) < t <= (place.t or 0) for t in self._told):
                message = f"{length / 1e6:.3f} s of silence: {told(*after)} came after {told(*before)}"
                yield Found(rules.STALL, place, message)
        if self._silences.last and (rest := (end.t or 0) - self._silences.last[0]) >= STALL:
            message = f"{rest / 1e6:.3f} s of silence: nothing came after {told(*self._silences.last[1])}"
            yield Found(rules.STALL, end, message)
