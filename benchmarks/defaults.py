"""What the defaults give: accuracy by the number of labels, as it is and misspelled, and seconds.

    python -m benchmarks.defaults --data TRAIN TEST --data TRAIN TEST --out DIR --minilm DIR

Everything is chosen on TRAIN, of which `hier-rnn train` sets a tenth aside, and scored on TEST: as
it is, and with every word of four letters or more misspelled. Each seed draws labels of its own.
Beside it, with `--minilm`, a logistic regression on the vectors of a sentence transformer in that
directory, and on those that Model2Vec distils from it, its strength chosen by cross-validation; all
labels are theirs. Without `--data`: the bundled messages, with all labels and their own validation
split as `hier-rnn train` alone takes them. What is done is kept in `--out`: the same
command again goes on from there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.label_subset import subset, write_subset
from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, positive, run, write_results
from benchmarks.variants import file_name
from benchmarks.workload import shown
from hier_rnn.errors import UserError
from hier_rnn.evaluation.misspelled import misspelled
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.example import Example
from hier_rnn.sources.source import open_source

ALL = "all"
LABELS = (100, 1000, ALL)
OURS, MINILM, MODEL2VEC = MODELS = ("hier_rnn", "minilm", "model2vec")
MISSPELLING = "mixed:1.0"
BUNDLED_VALIDATION = ("--validation", bundled("validation"))
STRENGTHS, FOLDS = 8, 3  # of the peers' regularization

Vectors = Callable[[Sequence[str]], np.ndarray]


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.defaults", __doc__)
    add = parser.add_argument
    add("--data", nargs=2, action="append", metavar=("TRAIN", "TEST"), help="may be repeated")
    add("--out", type=Path, required=True, metavar="DIR", help="where runs are kept")
    add("--labels", type=_labels, nargs="+", default=LABELS, metavar="N", help="or 'all'")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], help="a run for each")
    add("--models", nargs="+", choices=MODELS, default=MODELS)
    add("--minilm", metavar="DIR", help="a sentence transformer's files")
    add("--encoder", default="auto", help="what hier_rnn starts from, as for train")
    add("--config", type=Path, metavar="FILE.toml", help="options of hier_rnn")
    add("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def _labels(text: str) -> int | str:
    return text if text == ALL else positive(text)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Trains everything on all numbers of labels with all seeds and returns what came out.

    Args:
        options: Those of the command line.

    Raises:
        UserError: A mistake in the options or the data.
    """
    models = [name for name in options.models if name == OURS or options.minilm]
    if len(models) < len(options.models):
        print("left out for want of --minilm DIR: minilm, model2vec", file=sys.stderr)
    encoders = {name: _vectors(name, options.minilm) for name in models if name != OURS}
    results: dict[str, Any] = {
        "machine": machine(processors()),
        "misspelling": MISSPELLING,
        "encoder": options.encoder,
        "data": {},
    }
    for train, test in options.data or [(bundled("train"), bundled("test"))]:
        examples, held_out = list(open_source(train)), list(open_source(test))
        name, folder = shown(train), options.out / file_name(shown(train))
        classes = len({example.label for example in examples})
        rows: list[dict[str, Any]] = []
        peers = {model: _Peer(vectors, held_out) for model, vectors in encoders.items()}
        for labels, seed in product(options.labels, options.seeds):
            count = len(examples) if labels == ALL else max(classes, min(labels, len(examples)))
            drawn = subset(examples, count, seed)
            for model in models:
                if model != OURS and labels == ALL and seed != options.seeds[0]:
                    continue  # nothing in it is random
                path = folder / f"{model}-{labels}-{seed}.json"
                if not path.exists():
                    if model == OURS:
                        source = folder / f"labels-{labels}-{seed}.tsv"
                        write_subset(source, drawn)
                        given = [] if options.data or labels != ALL else BUNDLED_VALIDATION
                        made = _own(options, source, test, seed, folder / "run", given)
                    else:
                        made = peers[model](drawn)
                    write_results(path, made)
                figures = json.loads(path.read_text(encoding="utf-8"))
                rows.append({"model": model, "labels": labels, "seed": seed, **figures})
                print(
                    f"{name}, {labels} labels, {model}, seed {seed}: {figures['accuracy']:.4f}"
                    f" ({figures['misspelled']:.4f}), {figures['seconds']:.0f} s",
                    file=sys.stderr,
                )
        results["data"][name] = rows
    return results


def _own(
    options: argparse.Namespace,
    train: Path,
    test: str,
    seed: int,
    out: Path,
    validation: Sequence[str],
) -> dict[str, float]:
    """Trains and evaluates as a user does; returns accuracies and the seconds of the training."""
    given = ["--encoder", options.encoder, *validation]
    given += ["--config", str(options.config)] if options.config else []
    begun = time.perf_counter()
    _command(
        ["train", "--train", str(train), "--out", str(out), "--seed", str(seed), "--force", *given]
    )
    seconds = time.perf_counter() - begun
    scores = out / "scores.json"
    _command(
        ["evaluate", str(out), "--data", test, "--misspell", MISSPELLING, "--json", str(scores)]
    )
    found = json.loads(scores.read_text(encoding="utf-8"))
    return {
        "accuracy": found["accuracy"],
        "misspelled": found["misspelled"][MISSPELLING]["accuracy"],
        "seconds": seconds,
    }


def _command(arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "hier_rnn", *arguments, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")


def _vectors(model: str, folder: str) -> Vectors:
    if model == MINILM:
        from benchmarks.peers.sentence_transformer import Vectors

        return Vectors(folder)
    from benchmarks.peers.static_vectors import StaticVectors

    return StaticVectors(folder)


class _Peer:
    """Vectors of texts and a logistic regression on them.

    Args:
        vectors: Makes the vectors.
        test: What is scored on.
    """

    def __init__(self, vectors: Vectors, test: Sequence[Example]) -> None:
        written = misspelled(test, MISSPELLING, None, seed=0)  # as `evaluate` does
        self._vectors = vectors
        self._test = [vectors([each.text for each in examples]) for examples in (test, written)]
        self._labels = np.array([example.label for example in test])

    def __call__(self, train: Sequence[Example]) -> dict[str, float]:
        """Returns accuracies, and the seconds of vectors and regression."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV, KFold

        begun = time.perf_counter()
        labels = np.array([example.label for example in train])
        search = GridSearchCV(
            LogisticRegression(max_iter=1000),
            {"C": np.logspace(-2, 3, STRENGTHS)},
            cv=KFold(FOLDS, shuffle=True, random_state=0),
        )
        search.fit(self._vectors([example.text for example in train]), labels)
        seconds = time.perf_counter() - begun
        clean, damaged = (
            float((search.predict(rows) == self._labels).mean()) for rows in self._test
        )
        return {"accuracy": clean, "misspelled": damaged, "seconds": seconds}


def show(results: Results) -> None:
    """Prints a table for each data set: medians over the seeds."""
    console = Console(width=100)
    for name, rows in results["data"].items():
        table = Table(title=f"{name}: test accuracy by labels (misspelled), seconds of training")
        columns = list(dict.fromkeys(str(row["labels"]) for row in rows))
        table.add_column("model")
        for column in columns:
            table.add_column(column, justify="right")
        for model in dict.fromkeys(row["model"] for row in rows):
            own = [row for row in rows if row["model"] == model]
            cells = [_cell([r for r in own if str(r["labels"]) == column]) for column in columns]
            table.add_row(model, *cells)
        console.print(table)


def _cell(rows: Sequence[Mapping[str, Any]]) -> str:
    clean, damaged, seconds = (
        statistics.median(row[figure] for row in rows)
        for figure in ("accuracy", "misspelled", "seconds")
    )
    return f"{100 * clean:.1f} ({100 * damaged:.1f}) {seconds:.0f} s"


if __name__ == "__main__":
    main()
