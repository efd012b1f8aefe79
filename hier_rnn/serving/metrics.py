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
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "hier_rnn_requests", "Requests answered.", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "hier_rnn_request_seconds",
            "From a request's first line to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self.texts = Counter(
            "hier_rnn_texts", "Texts classified or explained.", ("route",), registry=registry
        )
        self.pending = Gauge(
            "hier_rnn_pending_requests",
            "Requests accepted and not yet answered.",
            registry=registry,
        )
        self.batch_texts = Histogram(
            "hier_rnn_batch_texts", "Texts computed together.", buckets=TEXTS, registry=registry
        )
        self.workers_ready = Gauge(
            "hier_rnn_workers_ready", "Workers that have loaded the run.", registry=registry
        )
        self.workers_replaced = Counter(
            "hier_rnn_workers_replaced",
            "Workers that ended and were replaced.",
            registry=registry,
        )
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def exposition(self) -> bytes:
        """Returns everything in Prometheus's text format."""
        return generate_latest(self.registry)
