"""Figures for Prometheus. They are told when an exchange has ended, never on the path of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from sseproxy.analysis.punctuality import Lateness
from sseproxy.exchange import Ending

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_LATE_MICROSECONDS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000)


class Metrics:
    """One registry a server, so that two in one process don't mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._open = Gauge("sseproxy_open_streams", "Exchanges under way.", registry=self.registry)
        self._exchanges = Counter(
            "sseproxy_exchanges", "Exchanges that have ended, by how.", ["ending"], registry=self.registry
        )
        self._duration = Histogram(
            "sseproxy_exchange_seconds",
            "From a request's arrival to the end of its exchange.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def families(self) -> list[Metric]:
        """All figures, as they are now."""
        return list(self.registry.collect())

    def page(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self.registry)

    def ended(self, ending: Ending, duration: int) -> None:
        """An exchange has ended after `duration` microseconds."""
        self._exchanges.labels(ending.value).inc()
        self._duration.observe(duration / 1e6)

    def show_open_streams(self, count: Callable[[], int]) -> None:
        self._open.set_function(count)

    def show_lost_recordings(self, count: Callable[[], int]) -> None:
        Gauge(
            "sseproxy_lost_recordings",
            "Recordings that are not whole, since the start.",
            registry=self.registry,
        ).set_function(count)

    def show_lateness(self, lateness: Lateness) -> None:
        """Of what a replay has written."""
        self.registry.register(_LatenessCollector(lateness))


def merged(of_workers: Sequence[Sequence[Metric]]) -> bytes:
    """The page of several processes: their figures added up, and the earliest of their beginnings."""
    by_name: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for family in (family for families in of_workers for family in families):
        by_name.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        found = values.setdefault(family.name, {})
        for sample in family.samples:
            key = sample.name, tuple(sample.labels.items())
            if sample.name.endswith("_created"):
                found[key] = min(sample.value, found.get(key, sample.value))
            else:
                found[key] = sample.value + found.get(key, 0)
    for name, family in by_name.items():
        for (sample_name, labels), value in values[name].items():
            family.add_sample(sample_name, dict(labels), value)
    registry = CollectorRegistry()
    registry.register(_Families(list(by_name.values())))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families


class _LatenessCollector(Collector):
    """Counts when it is asked to: nothing of it runs while a stream is played."""

    def __init__(self, lateness: Lateness) -> None:
        self._lateness = lateness

    def collect(self) -> Iterator[HistogramMetricFamily]:
        late = self._lateness
        buckets = [(str(us / 1e6), late.up_to(us)) for us in _LATE_MICROSECONDS]
        yield HistogramMetricFamily(
            "sseproxy_replay_late_seconds",
            "How late a replay wrote what was due, in streams that have ended.",
            buckets=[*buckets, ("+Inf", late.count)],
            sum_value=late.total / 1e6,
        )
