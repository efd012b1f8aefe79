"""Threads: requests a second that one loaded run answers, and their latency.

Each request has a few texts of the data, with a share of their words misspelled so that they are
new. Every number of threads has a freshly loaded run of its own and the same requests, and the
answers are compared with those of one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import hier_rnn
from benchmarks.machine import machine
from benchmarks.measure import alternate, processors
from benchmarks.options import parser_of, positive, run
from benchmarks.workload import shown
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source
from hier_rnn.text.misspelling import misspell


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.threads", __doc__)
    add = parser.add_argument
    add("run", help="a run directory", metavar="RUN")
    add("--data", help="a source, as for train.py; without: the bundled messages", metavar="SRC")
    add("--threads", help="numbers of threads", type=positive, nargs="+", default=[1, 2, 4, 8])
    add("--requests", help="requests in a turn", type=positive, default=400)
    add("--texts", help="texts in a request", type=positive, default=4)
    add("--misspelled", help="share of words misspelled", type=float, default=0.4)
    add("--runs", help="turns of each", type=positive, default=3)
    add("--json", help="write the results", type=Path, metavar="FILE")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns requests and words per second and the latency, by number of threads."""
    source = open_source(options.data or bundled("test"))
    words = hier_rnn.load(options.run).words
    sentences = [words(example.text) for example in source]
    requests = list(_requests(sentences, options))
    expected = _answers(hier_rnn.load(options.run), requests, 1)[0]

    def turn(threads: int) -> tuple[float, list[float]]:
        answers, seconds, latencies = _answers(hier_rnn.load(options.run), requests, threads)
        for answer, right in zip(answers, expected, strict=True):
            np.testing.assert_allclose(answer, right, atol=1e-6)
        return seconds, latencies

    turns = {str(number): (lambda number=number: turn(number)) for number in options.threads}
    measured = alternate(turns, options.runs)
    count = sum(len(text.split()) for request in requests for text in request)
    return {
        "machine": machine(processors()),
        "data": {"name": shown(options.data or bundled("test")), "words": count},
        "requests": {"number": len(requests), "texts": options.texts},
        "threads": {
            number: _summary(runs, len(requests), count) for number, runs in measured.items()
        },
    }


def _requests(sentences: Sequence[list[str]], options: argparse.Namespace) -> Iterator[list[str]]:
    generator = np.random.default_rng(0)
    for _ in range(options.requests):
        chosen = [sentences[i] for i in generator.integers(0, len(sentences), options.texts)]
        written = misspell(
            [word for sentence in chosen for word in sentence],
            "mixed",
            options.misspelled,
            generator,
        )
        bounds = np.cumsum([0, *map(len, chosen)]).tolist()
        yield [" ".join(written[start:end]) for start, end in pairwise(bounds)]


def _answers(
    predictor: Any, requests: Sequence[list[str]], threads: int
) -> tuple[list[np.ndarray], float, list[float]]:
    """Returns the answers, the seconds they took, and the seconds each request waited."""

    def ask(request: list[str]) -> tuple[np.ndarray, float]:
        begun = time.perf_counter()
        probabilities = predictor.probabilities(request)
        return probabilities, time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        answered = list(pool.map(ask, requests))
    seconds = time.perf_counter() - begun
    return [answer for answer, _ in answered], seconds, [latency for _, latency in answered]


def _summary(
    runs: Sequence[tuple[float, list[float]]], requests: int, words: int
) -> dict[str, float]:
    seconds = float(np.median([seconds for seconds, _ in runs]))
    latencies = np.concatenate([latencies for _, latencies in runs])
    return {
        "requests_per_second": requests / seconds,
        "words_per_second": words / seconds,
        "latency_p50": float(np.percentile(latencies, 50)),
        "latency_p99": float(np.percentile(latencies, 99)),
    }


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints the table.

    Args:
        results: As `measure` returns them.
        console: Where to; default, standard output.
    """
    table = Table(title="One loaded run, new words in every request", title_justify="left")
    for heading in ("threads", "requests/s", "words/s", "p50", "p99"):
        table.add_column(heading, justify="right")
    for number, figures in results["threads"].items():
        table.add_row(
            number,
            f"{figures['requests_per_second']:,.0f}",
            f"{figures['words_per_second']:,.0f}",
            f"{1000 * figures['latency_p50']:.1f} ms",
            f"{1000 * figures['latency_p99']:.1f} ms",
        )
    (console or Console()).print(table)


if __name__ == "__main__":
    main()
