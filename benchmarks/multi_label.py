"""Several labels for a text: hier_rnn beside fastText's one-versus-all, on the same data.

Without --data the texts are made of the bundled ones: one, two or three messages of different
intents are joined, and have the intents of all of them. fastText is tuned on the validation data,
and its probabilities get thresholds there in the same way as ours do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import parser_of, run
from benchmarks.workload import shown
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.metrics.label_scores import ranking_precision
from hier_rnn.metrics.thresholds import fit_thresholds
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.example import Source
from hier_rnn.sources.source import open_source
from hier_rnn.tensorflow_setup import import_tensorflow

SPLITS = ("train", "validation", "test")
JOINED = (0.4, 0.4, 0.2)
"""Share of the texts made of one message, of two, of three."""
SCORES = ("micro_f1", "macro_f1", "subset_accuracy", "hamming_loss", "ranking_precision")


class Split(NamedTuple):
    """Texts and the labels of each."""

    texts: list[str]
    labels: list[tuple[str, ...]]


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.multi_label", __doc__)
    names = tuple(name.upper() for name in SPLITS)
    parser.add_argument("--data", nargs=3, metavar=names, help="without: made of the bundled")
    parser.add_argument("--label-separator", default="", metavar="TEXT", help="within one cell")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="a run for each")
    parser.add_argument("--epochs", type=int, help="of ours; without: as usual")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        splits = read_splits(options.data, options.label_separator)
        results = compare(splits, options.seeds, options.epochs)
        data = [shown(source) for source in options.data] if options.data else "bundled, joined"
        return {"data": data, **results}

    run(parser, measure, show)


def read_splits(data: Sequence[str] | None, label_separator: str = "") -> dict[str, Split]:
    """Returns the data by split.

    Args:
        data: Sources of the three splits. None: made of the bundled messages.
        label_separator: What separates labels in one cell.
    """
    if data is None:
        return {split: joined(open_source(bundled(split)), seed) for seed, split in _numbered()}
    sources = (
        open_source(source, multi_label=True, label_separator=label_separator) for source in data
    )
    return {
        split: Split([e.text for e in source], [e.labels for e in source])
        for split, source in zip(SPLITS, sources, strict=True)
    }


def _numbered() -> list[tuple[int, str]]:
    return list(enumerate(SPLITS))


def joined(source: Source, seed: int) -> Split:
    """Returns as many texts as a source has, made of its texts of different labels.

    Args:
        source: Examples of one label each.
        seed: Decides which are joined.
    """
    draw = np.random.default_rng(seed)
    examples = list(source)
    split = Split([], [])
    for first in draw.permutation(len(examples)).tolist():
        parts = [examples[first]]
        wanted = 1 + draw.choice(len(JOINED), p=JOINED)
        while len(parts) < wanted:
            other = examples[draw.integers(len(examples))]
            if other.label not in {part.label for part in parts}:
                parts.append(other)
        split.texts.append(" ".join(part.text for part in parts))
        split.labels.append(tuple(sorted(part.required_label for part in parts)))
    return split


def compare(
    splits: Mapping[str, Split], seeds: Sequence[int], epochs: int | None = None
) -> dict[str, Any]:
    """Trains both models and returns their scores on the test data.

    Args:
        splits: Texts and labels of `train`, `validation` and `test`.
        seeds: One training of each model for every seed.
        epochs: Of ours; None: as usual.

    Raises:
        UserError: fastText is not installed.
    """
    peer = fasttext_model()
    labels = sorted({label for of_text in splits["train"].labels for label in of_text})
    targets = {split: _indicators(splits[split].labels, labels) for split in SPLITS}
    begun = time.perf_counter()
    settings = peer.tuned_one_versus_all(
        splits["train"], splits["validation"].texts, targets["validation"], labels
    )
    tuning = time.perf_counter() - begun

    def fasttext(seed: int) -> dict[str, float]:
        begun = time.perf_counter()
        trained = peer.OneVersusAll(*splits["train"], labels, settings, seed)
        seconds = time.perf_counter() - begun
        thresholds = fit_thresholds(
            targets["validation"], trained.probabilities(splits["validation"].texts)
        )
        found = trained.probabilities(splits["test"].texts)
        return {**_scores(targets["test"], found >= thresholds, found), "seconds": seconds}

    def own(seed: int) -> dict[str, float]:
        return _hier_rnn(splits, targets["test"], labels, seed, epochs)

    return {
        "machine": machine(processors()),
        "examples": {split: len(splits[split].texts) for split in SPLITS},
        "labels": len(labels),
        "labels_per_text": float(targets["train"].sum(1).mean()),
        "hier_rnn": _runs(own, seeds),
        "fasttext": {
            **_runs(fasttext, seeds),
            "settings": settings._asdict(),
            "tuning_seconds": tuning,
        },
    }


def fasttext_model() -> ModuleType:
    """Returns the module of fastText's model.

    Raises:
        UserError: fastText is not installed.
    """
    try:
        from benchmarks.peers import fasttext_model
    except ImportError:
        raise UserError("fastText is not installed: pip install -e '.[bench]'.") from None
    return fasttext_model


def _hier_rnn(
    splits: Mapping[str, Split],
    targets: np.ndarray,
    labels: Sequence[str],
    seed: int,
    epochs: int | None,
) -> dict[str, float]:
    import_tensorflow()
    import hier_rnn

    training = {} if epochs is None else {"epochs": epochs}
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        trained = hier_rnn.train(
            (splits["train"].texts, splits["train"].labels),
            (splits["validation"].texts, splits["validation"].labels),
            out=Path(folder) / "run",
            config=Configuration.model_validate({"seed": seed, "training": training}),
        )
        seconds = time.perf_counter() - begun
        ours = trained.run
        probabilities = ours.probabilities(splits["test"].texts)
    assert ours.labels == list(labels)
    given = probabilities >= np.array(ours.decision.thresholds, np.float32)
    return {**_scores(targets, given, probabilities), "seconds": seconds}


def _scores(targets: np.ndarray, given: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Returns the scores, by scikit-learn as far as it has them as they are used here."""
    from sklearn.metrics import accuracy_score, f1_score, hamming_loss

    return {
        "micro_f1": float(f1_score(targets, given, average="micro")),
        "macro_f1": float(f1_score(targets, given, average="macro")),
        "subset_accuracy": float(accuracy_score(targets, given)),
        "hamming_loss": float(hamming_loss(targets, given)),
        "ranking_precision": float(ranking_precision(targets, probabilities).mean()),
    }


def _indicators(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> np.ndarray:
    return np.array([[label in row for label in labels] for row in rows])


def _runs(train: Callable[[int], dict[str, float]], seeds: Sequence[int]) -> dict[str, Any]:
    runs = [{"seed": seed, **train(seed)} for seed in seeds]
    means = {name: statistics.mean(one[name] for one in runs) for name in (*SCORES, "seconds")}
    return {**means, "runs": runs}


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints both models side by side.

    Args:
        results: Of `compare`.
        console: Where to; default, standard output.
    """
    console = console or Console()
    examples = results["examples"]
    table = Table(
        title=f"{examples['test']:,} test texts, trained on {examples['train']:,};"
        f" {results['labels']} labels, {results['labels_per_text']:.1f} of a text"
    )
    for heading in ("", "hier_rnn", "fastText ova"):
        table.add_column(heading, justify="right")
    for name in SCORES:
        values = (f"{100 * results[model][name]:.1f}" for model in ("hier_rnn", "fasttext"))
        table.add_row(name.replace("_", " "), *values)
    seconds = (f"{results[model]['seconds']:.0f}" for model in ("hier_rnn", "fasttext"))
    table.add_row("seconds", *seconds)
    console.print(table)
    settings = ", ".join(f"{k} {v}" for k, v in results["fasttext"]["settings"].items())
    tuning = results["fasttext"]["tuning_seconds"]
    console.print(f"fastText: {settings}; tuned on the validation data in {tuning:.0f} s.")


if __name__ == "__main__":
    main()
