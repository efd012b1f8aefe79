"""Variants of one configuration, trained side by side: each run in a process of its own.

Runs are kept in `--out`; the same command again goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, drawing, parser_of, run
from benchmarks.workload import shown
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration, merge, read_table
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.sources.bundled import bundled


class Variant(NamedTuple):
    """What is tried."""

    name: str
    options: Mapping[str, Any]
    """Nested options, over those that all variants have."""


def compare(module: str, description: str, variants: Sequence[Variant]) -> None:
    """Runs a benchmark of variants with the arguments of the process.

    Args:
        module: The benchmark's, as it is run.
        description: What it measures.
        variants: What is tried; `--variants` may name some.
    """
    parser = parser_of(module, description)
    add_options(parser, [variant.name for variant in variants])
    run(parser, lambda options: measure(variants, options), show, _draw)


def add_options(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Adds the options of a benchmark that trains variants.

    Args:
        parser: The benchmark's.
        names: The variants'.
    """
    parser.add_argument(
        "--data",
        nargs=2,
        action="append",
        metavar=("TRAIN", "VALIDATION"),
        help="sources, as for train.py; may be given again; without: the bundled messages",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where runs are kept"
    )
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="options of all variants")
    parser.add_argument("--variants", nargs="+", choices=names, default=names, help="which ones")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="a run for each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument("--plot", type=drawing, metavar="FILE", help="draw the curves")


def _draw(results: Results, path: Path) -> None:
    from benchmarks.variants_plot import plot

    plot(results, path)


def measure(variants: Sequence[Variant], options: argparse.Namespace) -> dict[str, Any]:
    """Trains all variants on all data with all seeds and returns what came out.

    Args:
        variants: What is tried.
        options: Those of the command line.

    Raises:
        UserError: A mistake in the options or the data.
    """
    base = read_table(options.config) if options.config else {}
    chosen = [variant for variant in variants if variant.name in options.variants]
    results: dict[str, Any] = {"machine": machine(processors()), "seeds": options.seeds, "data": {}}
    for train, validation in sources(options):
        name = shown(train)
        data = {"data": {"train": train, "validation": validation}}
        by_variant = results["data"][name] = {variant.name: [] for variant in chosen}
        # Every variant with one seed, then with the next: there is something to see early.
        for seed, variant in product(options.seeds, chosen):
            table = merge(base, variant.options, data, {"seed": seed})
            folder = options.out / file_name(name) / f"{file_name(variant.name)}-{seed}"
            figures = trained(Configuration.model_validate(table), folder)
            by_variant[variant.name].append(figures)
            print(
                f"{name}, {variant.name}, seed {seed}: {figures['accuracy']:.4f}", file=sys.stderr
            )
    return results


def sources(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Returns the training and the validation source of each data set."""
    return options.data or [(bundled("train"), bundled("validation"))]


def file_name(name: str) -> str:
    """Returns a name as what a file may be called."""
    return "".join(character if character.isalnum() else "-" for character in name)


def trained(configuration: Configuration, folder: Path) -> dict[str, Any]:
    """Returns a run's figures: those kept, or those of a process that trains it now.

    Args:
        configuration: The run's.
        folder: The run directory; the figures are kept beside it.

    Raises:
        UserError: Training failed, or what is kept is a run with other options.
    """
    text = format_configuration(configuration)
    figures = folder.with_suffix(".json")
    if not figures.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = folder.with_suffix(".toml")
        with write_atomically(options) as file:
            file.write(text)
        command = [sys.executable, "-m", "benchmarks.variant_run", options, folder, figures]
        done = subprocess.run(list(map(str, command)), stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise UserError(f"{folder}: {done.stderr.strip() or 'training failed'}")
    kept = json.loads(figures.read_text(encoding="utf-8"))
    if kept.pop("configuration") != text:
        raise UserError(f"{folder}: holds a run with other options. Give another --out.")
    return kept


def show(results: Results, console: Console | None = None) -> None:
    """Prints a table for each data set.

    Args:
        results: Of `measure`.
        console: Where to; default, standard output.
    """
    console = console or Console()
    for name, by_variant in results["data"].items():
        table = Table(title=f"{name}: best validation accuracy, seeds {results['seeds']}")
        table.add_column("variant")
        for heading in ("mean", "deviation", "each", "epoch", "words/s", "peak, MiB"):
            table.add_column(heading, justify="right")
        for variant, runs in by_variant.items():
            table.add_row(variant, *_cells(runs))
        console.print(table)


def _cells(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    scores = [100 * run["accuracy"] for run in runs]
    yield f"{statistics.mean(scores):.2f}"
    yield f"{statistics.stdev(scores):.2f}" if len(scores) > 1 else "–"
    yield " ".join(f"{score:.1f}" for score in scores)
    yield f"{statistics.mean(run['best_epoch'] for run in runs):.1f}"
    yield f"{statistics.median(run['words_per_second'] for run in runs):,.0f}"
    peaks = [run["peak_bytes"] for run in runs if run["peak_bytes"] is not None]
    yield f"{statistics.median(peaks) / 2**20:,.0f}" if peaks else "–"
