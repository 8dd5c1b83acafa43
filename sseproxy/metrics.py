"""Figures for Prometheus. They are told when an exchange has ended, never on the path of bytes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sseproxy.exchange import Ending

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """One registry a server, so that two in one process don't mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.open_streams = Gauge("sseproxy_open_streams", "Exchanges under way.", registry=self.registry)
        self.lost_recordings = Gauge(
            "sseproxy_lost_recordings",
            "Recordings that are not whole, since the start.",
            registry=self.registry,
        )
        self._exchanges = Counter(
            "sseproxy_exchanges", "Exchanges that have ended, by how.", ["ending"], registry=self.registry
        )
        self._duration = Histogram(
            "sseproxy_exchange_seconds",
            "From a request's arrival to the end of its exchange.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def ended(self, ending: Ending, duration: int) -> None:
        """An exchange has ended after `duration` microseconds."""
        self._exchanges.labels(ending.value).inc()
        self._duration.observe(duration / 1e6)
