"""Figures of one stream, and of many in memory that does not grow with them.

Names are OpenTelemetry's where it has one (semantic conventions for generative AI, metrics; status:
development). All is seen from where the recorder stood: a time to the first token holds the way there.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sseproxy.analysis.gaps import STALL, Histogram, Silences, lengths, percentile
from sseproxy.analysis.story import Story
from sseproxy.exchange import Arrival

DURATION = "gen_ai.client.operation.duration"
FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
CHUNK_GAP = "gen_ai.client.operation.time_per_output_chunk"
FIRST_TOKEN = "gen_ai.server.time_to_first_token"
TOKEN_GAP = "gen_ai.server.time_per_output_token"

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class Spread(NamedTuple):
    """Percentiles and the maximum of gaps, in microseconds."""

    p50: int
    p90: int
    p99: int
    max: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of one exchange. Times are in microseconds from the request; None where there was none."""

    ending: str
    dialect: str
    events: int
    """Those that a listener sees."""
    tokens: int
    """Events that carry a piece of what the model says; not the model's own count of its tokens."""
    bytes: int
    reads: int
    reads_with_events: int
    duration: int
    first_event: int | None
    first_token: int | None
    per_token: float | None
    """Microseconds between tokens: from the first to the last, by the number of steps."""
    bytes_per_second: float | None
    """From the first read to the last."""
    gaps: Sequence[int]
    stalls: int

    @property
    def spread(self) -> Spread | None:
        if not self.gaps:
            return None
        ordered = sorted(self.gaps)
        p50, p90, p99 = (percentile(ordered, share) for share in SHARES.values())
        return Spread(p50, p90, p99, ordered[-1])

    @property
    def tokens_per_second(self) -> float | None:
        return 1e6 / self.per_token if self.per_token else None

    @property
    def events_per_read(self) -> float | None:
        """Of the reads that completed any event."""
        return self.events / self.reads_with_events if self.reads_with_events else None


def stats(story: Story) -> Stats:
    exchange = story.exchange
    heard = _Heard(story)
    between = lengths(heard.times)
    begun, ended, size = _arrived(exchange.arrivals)
    silence = max(0, exchange.duration - heard.times[-1]) if heard.times else 0
    return Stats(
        ending=exchange.ending,
        dialect=story.dialect.name,
        events=len(heard.times),
        tokens=heard.tokens,
        bytes=size,
        reads=len(exchange.arrivals),
        reads_with_events=heard.reads,
        duration=exchange.duration,
        first_event=heard.times[0] if heard.times else None,
        first_token=heard.first_token,
        per_token=(heard.last_token - heard.first_token) / (heard.tokens - 1)
        if heard.first_token is not None and heard.tokens > 1
        else None,
        bytes_per_second=size * 1e6 / (ended - begun) if ended > begun else None,
        gaps=between,
        stalls=len(heard.silences.stalls()) + (silence >= STALL),
    )


class _Heard:
    """What is counted of the events that a listener sees: once through them."""

    def __init__(self, story: Story) -> None:
        self.times = array("q")
        self.silences = Silences[None]()
        self.tokens = self.reads = 0
        self.first_token: int | None = None
        self.last_token = 0
        last_read = -1
        for _, t, read, _, meaning in story.heard:
            self.times.append(t)
            self.silences.hear(t, None)
            self.reads += read != last_read
            last_read = read
            if meaning.kind in story.dialect.tokens:
                self.tokens += 1
                self.first_token = t if self.first_token is None else self.first_token
                self.last_token = t


def _arrived(arrivals: Iterable[Arrival]) -> tuple[int, int, int]:
    """When the first and the last one came, and how many bytes all of them brought."""
    begun: int | None = None
    t = size = 0
    for t, data in arrivals:
        begun = t if begun is None else begun
        size += len(data)
    return begun or 0, t, size


@dataclass(slots=True)
class Total:
    """The sum of many streams."""

    streams: int = 0
    """Exchanges whose response is a stream."""
    others: int = 0
    """Exchanges whose response is none."""
    events: int = 0
    tokens: int = 0
    bytes: int = 0
    reads: int = 0
    reads_with_events: int = 0
    stalls: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    durations: Histogram = field(default_factory=Histogram)
    first_events: Histogram = field(default_factory=Histogram)
    first_tokens: Histogram = field(default_factory=Histogram)
    per_token: Histogram = field(default_factory=Histogram)
    gaps: Histogram = field(default_factory=Histogram)

    def add(self, figures: Stats, *, is_stream: bool) -> None:
        """What is no stream is counted, and has no part in any figure of streams."""
        if not is_stream:
            self.others += 1
            return
        self.streams += 1
        self.endings[figures.ending] += 1
        for name in ("events", "tokens", "bytes", "reads", "reads_with_events", "stalls"):
            setattr(self, name, getattr(self, name) + getattr(figures, name))
        self.durations.add([figures.duration])
        self.first_events.add([figures.first_event] if figures.first_event is not None else [])
        self.first_tokens.add([figures.first_token] if figures.first_token is not None else [])
        self.per_token.add([round(figures.per_token)] if figures.per_token is not None else [])
        self.gaps.add(figures.gaps)
