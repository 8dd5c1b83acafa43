"""What is to be reached: ratios within one run, which carry from machine to machine, and a few absolutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.cells import Results
from tests.bench.report import aligned
from tests.bench.streams import REAL_TIME
from tests.bench.targets import OURS

PASSTHROUGH = "aiohttp, uvloop"


@dataclass(frozen=True, slots=True)
class Aim:
    """`than` None: the figure itself is meant, in the unit of its column."""

    what: str
    cell: str
    key: str
    than: str | None
    good: float
    after: float
    """What we are after: better than good."""
    higher: bool = False
    """Whether more is better."""
    ours: str = OURS

    def measured(self, results: Results) -> float | None:
        """None where the cell or the other was not run."""
        own = results.figure(self.cell, self.ours, self.key)
        if own is None or self.than is None:
            return own.median if own else None
        other = results.figure(self.cell, self.than, self.key)
        return own.median / other.median if other and other.median else None

    def verdict(self, value: float) -> str:
        for bound, word in ((self.after, "all we are after"), (self.good, "good")):
            if value >= bound if self.higher else value <= bound:
                return word
        return "not reached"


def speed(cell: str, than: str, good: float, after: float) -> Aim:
    return Aim(f"{cell}: events/s against {than}", cell, "speed", than, good, after, higher=True)


def latency(than: str, good: float, after: float) -> Aim:
    return Aim(f"paced-100: latency p50 against {than}", "paced-100", "p50", than, good, after)


def cpu(than: str, good: float, after: float) -> Aim:
    return Aim(f"paced-100: CPU against {than}", "paced-100", "cpu", than, good, after)


def error(cell: str, good: float, after: float, ours: str = OURS) -> Aim:
    return Aim(f"{cell}: error p99, µs ({ours})", cell, "p99", None, good, after, ours=ours)


AIMS = (
    speed("firehose", PASSTHROUGH, 1.3, 3),
    speed("firehose", "nginx", 0.35, 0.9),
    speed("firehose", "mitmproxy", 20, 50),
    speed("short-kept", PASSTHROUGH, 1.5, 3),
    speed("short-kept", "nginx", 0.4, 0.6),
    speed("short-kept", "mitmproxy", 12, 25),
    latency("direct", 2.4, 2),
    latency("nginx", 0.8, 0.7),
    cpu("nginx", 1.6, 1.4),
    cpu(PASSTHROUGH, 0.65, 0.55),
    *(
        error(cell, good, after, ours)
        for cell, good, after in (
            ("replay-1", 210, 150),
            ("replay-100", 210, 150),
            ("replay-1000", 2_000, 1_000),
        )
        for ours in (OURS, OURS + REAL_TIME)
    ),
    error("replay-5000", 15_000, 5_000, f"{OURS}, 2 workers"),
    Aim("drift over 60 s, µs", "drift", "drift", None, 50, 10),
    Aim("recording 1,000 streams: peak MiB", "paced-1000", "memory", None, 80, 50),
)


def table(results: Results) -> str:
    """A row for each aim that was measured; empty where none was."""
    rows = list(_rows(results))
    if not rows:
        return ""
    return "\n".join(["**aims**\n", *aligned([["aim", "good", "after", "measured", ""], *rows]), "", ""])


def _rows(results: Results) -> Iterator[list[str]]:
    for aim in AIMS:
        value = aim.measured(results)
        if value is not None:
            sign = "≥" if aim.higher else "≤"
            bounds = [f"{sign} {bound:,g}" for bound in (aim.good, aim.after)]
            yield [
                aim.what,
                *bounds,
                f"{value:,.3g}" if value < 1_000 else f"{value:,.0f}",
                aim.verdict(value),
            ]


def as_json(results: Results) -> list[dict[str, object]]:
    return [
        {
            "aim": aim.what,
            "good": aim.good,
            "after": aim.after,
            "measured": value,
            "verdict": aim.verdict(value),
        }
        for aim in AIMS
        if (value := aim.measured(results)) is not None
    ]
