"""The benchmark of threads measures what it says."""

from __future__ import annotations

import argparse
import io

from rich.console import Console

from benchmarks.threads import measure, show


def test_by_number_of_threads(small_run, data):
    options = argparse.Namespace(
        run=str(small_run),
        data=data["validation"],
        threads=[1, 3],
        requests=10,
        texts=2,
        misspelled=0.5,
        runs=2,
    )
    results = measure(options)
    assert list(results["threads"]) == ["1", "3"]
    for figures in results["threads"].values():
        assert 0 < figures["latency_p50"] <= figures["latency_p99"]
        ratio = figures["words_per_second"] / figures["requests_per_second"]
        assert abs(ratio - results["data"]["words"] / 10) < 1e-6
    written = io.StringIO()
    show(results, Console(file=written, width=80))
    assert "p99" in written.getvalue()
