"""How many of the labels that `check --label-errors` doubts are wrong, where the wrong are known.

Some labels of a set are flipped at random to another class. Precision is the share of flipped ones
among what is found, and among the first of it; the set's own errors count as mistakes. Random
guessing has the share that was flipped.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, positive, run
from benchmarks.workload import shown
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.source import open_source
from hier_rnn.tensorflow_setup import import_tensorflow


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.label_errors", __doc__)
    parser.add_argument("--data", metavar="SRC", help="a source; without: the bundled messages")
    parser.add_argument("--share", type=float, default=0.05, help="of the labels that are flipped")
    parser.add_argument("--folds", type=positive, default=5)
    parser.add_argument("--seed", type=int, default=0, help="decides which labels are flipped")
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="options of the training")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the classifiers, and go on")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Flips labels and looks for them.

    Args:
        options: Those of `main`.
    """
    import_tensorflow()
    from hier_rnn.evaluation.cross_validation.cross_validate import cross_validate

    name = options.data or bundled("train")
    examples = list(open_source(name))
    flipped, places = flip(examples, options.share, options.seed)
    configuration = read_configuration(options.config) if options.config else Configuration()
    result = cross_validate(
        configuration, source_of(flipped, shown(name)), options.folds, out=options.out
    )
    found = [error.where for error in result.label_errors().errors]
    return {
        "machine": machine(processors()),
        "data": shown(name),
        "examples": len(examples),
        "folds": options.folds,
        "accuracy_on_labels_as_flipped": result.scores.accuracy,
        **figures(found, places),
    }


def flip(
    examples: Sequence[Example], share: float, seed: int
) -> tuple[list[Example], frozenset[str]]:
    """Returns the examples with some labels flipped to another class, and the places of these.

    Args:
        examples: The examples.
        share: Of the labels.
        seed: Decides which, and to which class.
    """
    labels = sorted({example.required_label for example in examples})
    generator = np.random.default_rng(seed)
    chosen = set(generator.permutation(len(examples))[: round(share * len(examples))].tolist())
    flipped, places = [], []
    for row, example in enumerate(examples):
        if row in chosen:
            others = [label for label in labels if label != example.label]
            label = others[int(generator.integers(len(others)))]
            example = example._replace(label=label, labels=(label,))
            places.append(example.where)
        flipped.append(example)
    return flipped, frozenset(places)


def source_of(examples: Sequence[Example], name: str) -> Source:
    """Returns examples as a source."""

    def read() -> Iterator[Example]:
        return iter(examples)

    return Source(name, read)


def figures(found: Sequence[str], flipped: frozenset[str]) -> dict[str, Any]:
    """Returns precision and recall.

    Args:
        found: Places of what is doubted, the likeliest first.
        flipped: Places of what is wrong.
    """
    hits = [place in flipped for place in found]
    first = hits[: len(flipped)]
    return {
        "flipped": len(flipped),
        "found": len(found),
        "hits": sum(hits),
        "precision": sum(hits) / max(len(hits), 1),
        "recall": sum(hits) / max(len(flipped), 1),
        "precision_of_the_first_as_many_as_were_flipped": sum(first) / max(len(first), 1),
        "precision_of_the_first_50": sum(hits[:50]) / max(len(hits[:50]), 1),
    }


def show(results: Results) -> None:
    """Prints the results of `measure`."""
    table = Table(title=f"{results['data']}: {results['flipped']:,} labels flipped")
    for heading in (
        "found",
        "flipped among them",
        "precision",
        "recall",
        "first as many",
        "first 50",
    ):
        table.add_column(heading, justify="right")
    names = (
        "precision",
        "recall",
        "precision_of_the_first_as_many_as_were_flipped",
        "precision_of_the_first_50",
    )
    table.add_row(
        f"{results['found']:,}",
        f"{results['hits']:,}",
        *(f"{100 * results[name]:.1f}" for name in names),
    )
    Console().print(table)


if __name__ == "__main__":
    main()
