"""What is asked of a proxy, and of a replay: the parameters of the load."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Workload:
    """`streams` streams of `events` events of `size` bytes each, over at most `connections` at a time."""

    name: str
    what: str
    streams: int = 1
    connections: int = 1
    events: int = 100
    size: int = 100
    """Bytes of an event."""
    gap: int = 0
    """Microseconds between the events of a stream; 0: as fast as they are taken."""
    ramp: int = 0
    """Microseconds over which the streams' starts are spread."""
    keep_alive: bool = False
    targets: int = 0
    """How many different streams are asked for, each again and again; 0: each once."""
    due: bool = False
    """Whether events tell when they are due (a replay's), and not when they were sent."""

    @property
    def total(self) -> int:
        """Events of all streams."""
        return self.streams * self.events

    @property
    def body(self) -> int:
        """Body bytes of all streams."""
        return self.total * self.size

    @property
    def seconds(self) -> float:
        """How long it takes by its own schedule."""
        return (self.ramp + self.gap * (self.events + 1)) / 1e6

    def options(self, port: int) -> list[str]:
        """The client's options."""
        numbers = {"p": port, "n": self.streams, "c": self.connections, "e": self.events, "s": self.size}
        numbers |= {"g": self.gap, "r": self.ramp, "t": self.targets, "l": round(self.seconds + 120)}
        mode = ["-m", "due" if self.due else "stamp"] if self.gap else []
        return [f"-{name}{number}" for name, number in numbers.items()] + mode + ["-k"] * self.keep_alive

    def among(self, targets: int) -> Workload:
        """The same over fewer different streams."""
        return replace(self, targets=targets)

    def quick(self) -> Workload:
        """A tenth of the events, to see that all works."""
        return replace(self, events=max(self.events // 10, 10))


WARM_UP = Workload("warm-up", "", events=200)
"""What every process gets before it is measured."""

PACED = Workload(
    "paced-100",
    "100 streams, an event each 30 ms, for 3 s",
    100,
    100,
    gap=30_000,
    ramp=30_000,
)

PROXY = (
    Workload("firehose", "1 stream of 200,000 events of 100 bytes, as fast as it goes", events=200_000),
    Workload("streams-64", "64 streams of 3,125 events at once, as fast as they go", 64, 64, events=3_125),
    PACED,
    Workload(
        "paced-1000",
        "1,000 streams, an event each 30 ms, for 3 s: 33,000 events a second",
        1_000,
        1_000,
        gap=30_000,
        ramp=1_000_000,
    ),
    Workload(
        "paced-5000",
        "5,000 streams, begun within 8 s, an event each 500 ms, for 10 s: 10,000 events a second",
        5_000,
        5_000,
        20,
        gap=500_000,
        ramp=8_000_000,
    ),
    Workload(
        "short-new",
        "2,000 streams of 20 events, 64 at a time, each on a connection of its own",
        2_000,
        64,
        20,
    ),
    Workload(
        "short-kept", "the same over 64 connections that are kept alive", 2_000, 64, 20, keep_alive=True
    ),
    Workload("big", "1 stream of 5,000 events of 64 KiB", events=5_000, size=65_536),
)

REPLAY = (
    Workload("replay-1", "1 stream, an event each 30 ms", events=300, gap=30_000, due=True),
    Workload(
        "replay-100", "100 streams, an event each 30 ms", 100, 100, 200, gap=30_000, ramp=300_000, due=True
    ),
    Workload(
        "replay-1000",
        "1,000 streams, an event each 30 ms: 33,000 events a second",
        1_000,
        1_000,
        200,
        gap=30_000,
        ramp=1_000_000,
        targets=100,
        due=True,
    ),
    Workload(
        "replay-5000",
        "5,000 streams, an event each 150 ms: 33,000 events a second",
        5_000,
        5_000,
        60,
        gap=150_000,
        ramp=3_000_000,
        targets=100,
        due=True,
    ),
    Workload("drift", "1 stream, an event each 30 ms, for 60 s", events=2_000, gap=30_000, due=True),
)
