"""What each piece of work costs against its size, over three decades: seconds and memory.

Counting words and contexts, making word vectors of the counts, teaching them to the encoder,
training a classifier on labelled sentences once each, reading them alone, and classifying. Every
size is measured in a process of its own, one after the other. What a hundred or a thousand machines
would need follows from these figures in docs/scale.md. Runs on Linux.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, positive, run
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled

UNITS = {
    "count": "words",
    "factorize": "subtokens",
    "distill": "words",
    "train": "sentences",
    "read": "sentences",
    "classify": "sentences",
}
SIZES = {
    "count": (10_000, 100_000, 1_000_000, 10_000_000),
    "factorize": (1_000, 10_000, 100_000, 1_000_000),
    "distill": (600, 6_000, 60_000, 600_000),
    "train": (100, 1_000, 10_000, 100_000),
    "read": (100, 1_000, 10_000, 100_000),
    "classify": (1_000, 10_000, 100_000, 1_000_000),
}
WORK = {
    "distill": "spellings",
    "train": "trained",
}
"""What is done in the seconds that count, where that is not the size."""


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.scale", __doc__)
    add = parser.add_argument
    add("--text", metavar="SRC", default=bundled("train"), help="text to count and to learn from")
    add("--data", metavar="SRC", default=bundled("train"), help="labelled sentences to train on")
    add("--run", metavar="RUN", help="a trained run; without: nothing is classified")
    add("--pieces", nargs="+", choices=list(SIZES), default=list(SIZES), help="what to measure")
    add("--batch-size", type=positive, default=32, help="sentences in a batch of training")
    for piece, sizes in SIZES.items():
        add(
            f"--{piece}",
            nargs="+",
            type=positive,
            default=list(sizes),
            metavar="N",
            help=f"sizes to {piece}, in {UNITS[piece]}",
        )
    add("--timeout", type=positive, default=3600, help="seconds that a size may take")
    add("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of each size of each piece."""
    results: dict[str, Any] = {"machine": machine(processors()), "pieces": {}}
    for piece in options.pieces:
        if piece == "classify" and not options.run:
            continue
        sizes = (_measured(piece, size, options) for size in getattr(options, piece))
        results["pieces"][piece] = [figures for figures in sizes if figures]
    return results


def _measured(piece: str, size: int, options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of a size; nothing where it takes too long."""
    task = {
        "piece": piece,
        "size": size,
        "text": options.text,
        "data": options.data,
        "run": options.run,
        "batch_size": options.batch_size,
    }
    print(f"{piece} {size:,} {UNITS[piece]} ...", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale_worker"],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=options.timeout,
        )
    except subprocess.TimeoutExpired:
        print(f"  took more than {options.timeout:,} seconds: left out", file=sys.stderr)
        return {}
    if done.returncode:
        raise UserError(f"{piece} {size:,}: {done.stderr.strip()[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    seconds = figures.get("training_seconds", figures["seconds"])
    work = figures.get(WORK.get(piece, "size"), figures["size"])
    figures["per_second"] = work / max(seconds, 1e-9)
    return figures


def show(results: Results) -> None:
    """Prints a table of all pieces and sizes."""
    table = Table(title="Cost against size")
    columns = ("piece", "size", "seconds", "done in a second", "peak MiB", "besides")
    for name in columns:
        table.add_column(name, justify="left" if name in ("piece", "besides") else "right")
    for piece, rows in results["pieces"].items():
        for row in rows:
            table.add_row(piece, *_cells(piece, row))
        table.add_section()
    Console(width=120).print(table)


def _cells(piece: str, row: dict[str, Any]) -> Sequence[str]:
    besides = {
        "count": ("text_bytes", "written_bytes", "subtokens"),
        "factorize": ("pairs",),
        "distill": ("spellings",),
        "train": ("words_per_second",),
        "read": (),
        "classify": ("words",),
    }[piece]
    return (
        f"{row['size']:,} {UNITS[piece]}",
        f"{row['seconds']:,.1f}",
        f"{row['per_second']:,.0f}",
        f"{row['peak_bytes'] / 2**20:,.0f}",
        ", ".join(f"{name.replace('_', ' ')} {row[name]:,.0f}" for name in besides),
    )


if __name__ == "__main__":
    main()
