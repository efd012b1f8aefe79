"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The counters of one server; several in a process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = {"registry": self.registry, "namespace": "hier_rnn"}
        self.requests = Counter("requests", "Requests answered.", ("route", "status"), **registry)
        self.seconds = Histogram(
            "request_seconds",
            "From a request's first line to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            **registry,
        )
        self.texts = Counter("texts", "Texts classified or explained.", ("route",), **registry)
        self.pending = Gauge(
            "pending_requests", "Requests accepted and not yet answered.", **registry
        )
        self.batch_texts = Histogram(
            "batch_texts", "Texts computed together.", buckets=TEXTS, **registry
        )
        self.workers_ready = Gauge("workers_ready", "Workers that have loaded the run.", **registry)
        self.workers_replaced = Counter(
            "workers_replaced", "Workers that ended and were replaced.", **registry
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def exposition(self) -> bytes:
        """Returns everything in Prometheus's text format."""
        return generate_latest(self.registry)
