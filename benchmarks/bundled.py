"""The bundled data set: hier_rnn with all defaults beside fastText tuned on the validation split.

Both see the training split alone; fastText's settings are the best of 36 on the validation split
(word n-grams 1 or 2; character n-grams none, 2-4 or 3-6; 10 or 30 epochs; learning rate 0.1, 0.5
or 1). Accuracy on the test split, with one row per seed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import parser_of, run
from benchmarks.workload import shown
from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import Example, open_source
from hier_rnn.tensorflow_setup import import_tensorflow

Split = tuple[list[str], list[str]]
"""Texts and labels."""
SPLITS = ("train", "validation", "test")


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.bundled", __doc__)
    for split in SPLITS:
        parser.add_argument(f"--{split}", help="without: the bundled", metavar="SRC")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="a run for each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        sources = {split: getattr(options, split) or bundled(split) for split in SPLITS}
        return compare(sources, options.seeds)

    run(parser, measure, show)


def compare(sources: Mapping[str, str], seeds: list[int]) -> dict[str, Any]:
    """Returns both models' accuracies on the test split, and their training times.

    Args:
        sources: By split.
        seeds: A run for each.

    Raises:
        UserError: fastText is not installed.
    """
    peer = fasttext_model()
    read = {split: split_of(open_source(source)) for split, source in sources.items()}
    begun = time.perf_counter()
    settings, on_validation = peer.tuned(read["train"], read["validation"])
    tuning = time.perf_counter() - begun

    def fasttext(seed: int) -> tuple[float, float]:
        begun = time.perf_counter()
        trained = peer.FastText(*read["train"], settings, seed)
        seconds = time.perf_counter() - begun
        return trained.accuracy(*read["test"]), seconds

    def own(seed: int) -> tuple[float, float]:
        return _hier_rnn(sources, read["test"], seed)

    return {
        "machine": machine(processors()),
        "data": {split: shown(source) for split, source in sources.items()},
        "test_examples": len(read["test"][0]),
        "hier_rnn": _runs(own, seeds),
        "fasttext": {
            **_runs(fasttext, seeds),
            "settings": settings._asdict(),
            "validation_accuracy": on_validation,
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


def split_of(examples: Iterable[Example]) -> Split:
    """Returns examples as fastText's model takes them."""
    listed = list(examples)
    return [example.text for example in listed], [example.label for example in listed]


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints both models side by side.

    Args:
        results: Of `compare`.
        console: Where to; default, standard output.
    """
    console = console or Console()
    table = Table(title=f"{results['data']['test']}: {results['test_examples']} examples")
    for heading in ("seed", "hier_rnn", "seconds", "fastText", "seconds"):
        table.add_column(heading, justify="right")
    both = [results["hier_rnn"], results["fasttext"]]
    for one, other in zip(*(each["runs"] for each in both), strict=True):
        table.add_row(str(one["seed"]), *_cells(one), *_cells(other))
    if len(both[0]["runs"]) > 1:
        table.add_section()
        table.add_row("mean", *_cells(both[0]), *_cells(both[1]))
    console.print(table)
    settings = ", ".join(f"{k} {v}" for k, v in results["fasttext"]["settings"].items())
    console.print(
        f"fastText: {settings}; tuned on {results['data']['validation']} in"
        f" {results['fasttext']['tuning_seconds']:.0f} s."
    )


def _runs(run: Callable[[int], tuple[float, float]], seeds: list[int]) -> dict[str, Any]:
    runs = []
    for seed in seeds:
        accuracy, seconds = run(seed)
        runs.append({"seed": seed, "accuracy": accuracy, "seconds": seconds})
    return {
        "runs": runs,
        "accuracy": statistics.mean(run["accuracy"] for run in runs),
        "seconds": statistics.mean(run["seconds"] for run in runs),
    }


def _hier_rnn(sources: Mapping[str, str], test: Split, seed: int) -> tuple[float, float]:
    import_tensorflow()
    import hier_rnn
    from hier_rnn.training.classification.train import train_classifier

    data = Data(train=sources["train"], validation=sources["validation"])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        begun = time.perf_counter()
        train_classifier(Configuration(seed=seed, data=data), out)
        seconds = time.perf_counter() - begun
        found = hier_rnn.load(out).predict(test[0])
    correct = sum(p.label == label for p, label in zip(found, test[1], strict=True))
    return correct / len(test[1]), seconds


def _cells(run: Mapping[str, float]) -> tuple[str, str]:
    return f"{100 * run['accuracy']:.1f}", f"{run['seconds']:.1f}"


if __name__ == "__main__":
    main()
