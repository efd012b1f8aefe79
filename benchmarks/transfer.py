"""Transfer: accuracy by the number of labels, and by what the character encoder learnt before.

    python -m benchmarks.transfer --data TRAIN VALIDATION --text SRC --out DIR --plot FILE

Variants: `scratch` (random weights), `warm-start` (the encoder has learnt to spell the labelled
text, as it does by default without an encoder), `next-character` and `word-vectors` (a pretrained
encoder that trains from the first step), `frozen` (that of `word-vectors`, which does not train),
`phases` (likewise in the first half of the epochs, then all weights train, as they do by default),
`sentence-vectors` (both encoders given: a linear head first, then all weights train), `linear-head`
(its linear head, before any weight trains), and `fastText` on the same labels.

Each seed draws labels of its own. Everything is chosen on the validation source, and scored there:
a run's best epoch, and fastText's settings, the best of 36 for each number of labels, tuned on the
first seed's. Options are the defaults however few the labels: an epoch passes over 50 dozens of
times. `--config` gives others, to all variants and to pretraining. An encoder that is given
should have been made with the same, or scratch and warm-start train a model of another size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.bundled import Split, fasttext_model, split_of
from benchmarks.label_subset import subset, write_subset
from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import parser_of, positive, run, write_results
from benchmarks.variants import Variant, add_options, file_name, sources, trained
from benchmarks.workload import shown
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import merge, read_table
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_options import take_encoder_options

ALL = "all"
LABELS = (50, 100, 500, 1000, ALL)
FASTTEXT = "fastText"
WORD_VECTORS, NEXT_CHARACTER = FROM_TEXT = ("word-vectors", "next-character")
SENTENCE_VECTORS = "sentence-vectors"
OBJECTIVES = (*FROM_TEXT, SENTENCE_VECTORS)
LINEAR_HEAD = "linear-head"  # epoch 0 of the runs of `sentence-vectors`
# The encoder that each variant starts from, if any.
ENCODERS = {
    "scratch": "",
    "warm-start": "",
    "next-character": NEXT_CHARACTER,
    "word-vectors": WORD_VECTORS,
    "frozen": WORD_VECTORS,
    "phases": WORD_VECTORS,
    SENTENCE_VECTORS: SENTENCE_VECTORS,
}


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.transfer", __doc__)
    add_options(parser, [*ENCODERS, FASTTEXT])
    parser.add_argument(
        "--labels", type=_labels, nargs="+", default=LABELS, metavar="N", help="how many, or 'all'"
    )
    for objective in OBJECTIVES:
        parser.add_argument(
            f"--{objective}", metavar="ENCODER", help="an encoder pretrained with this objective"
        )
    parser.add_argument(
        "--text",
        nargs="+",
        metavar="SRC",
        help="text to pretrain on, into --out, what encoder is not given",
    )
    run(parser, measure, show, _draw)


def _labels(text: str) -> int | str:
    return text if text == ALL else positive(text)


def _draw(results: Mapping[str, Any], path: Path) -> None:
    from benchmarks.transfer_plot import plot

    plot(results, path)


def variants(encoders: Mapping[str, str]) -> list[Variant]:
    """Returns what is tried, but for what lacks its encoder.

    Args:
        encoders: Encoder directory by objective.
    """
    training = {
        "scratch": {"warm_start_epochs": 0},
        **{objective: {"frozen_encoder_share": 0} for objective in FROM_TEXT},
        "frozen": {"freeze_encoder": True},
    }
    directories = {"": "", **encoders}
    return [
        Variant(
            name,
            {"training": training.get(name, {}), "data": {"encoder": directories[objective]}},
        )
        for name, objective in ENCODERS.items()
        if objective in directories
    ]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Trains everything on all numbers of labels with all seeds and returns what came out.

    Args:
        options: Those of the command line.

    Raises:
        UserError: A mistake in the options or the data.
    """
    fasttext = fasttext_model() if FASTTEXT in options.variants else None
    base = read_table(options.config) if options.config else {}
    configured = Configuration.model_validate(base)
    # Mistakes in the data are told before pretraining, which takes long.
    opened = [
        [open_source(source, **configured.data.reading) for source in pair]
        for pair in sources(options)
    ]
    encoders = dict(_encoders(options))
    tried = variants(encoders)
    tried = [variant for variant in tried if variant.name in options.variants]
    names = [*(variant.name for variant in tried), *([FASTTEXT] if fasttext else [])]
    if not names:
        raise UserError("there is nothing to measure. Give an encoder, --text SRC or --variants.")
    results: dict[str, Any] = {
        "machine": machine(processors()),
        "seeds": options.seeds,
        "encoders": {objective: shown(path) for objective, path in encoders.items()},
        "data": {},
    }
    for train, validation in opened:
        examples, held_out = list(train), list(validation)
        name = shown(train.name)
        out = options.out / file_name(name)
        data = {"data": {"train": train.name, "validation": validation.name}}
        if _kept(out / "data.json", lambda data=data: data) != data:
            raise UserError(f"{out}: holds runs on other data. Give another --out.")
        counts = _counts(options.labels, examples, name)
        rows = [*names, *([LINEAR_HEAD] if SENTENCE_VECTORS in names else [])]
        points = [{"labels": count, "runs": {each: [] for each in rows}} for count in counts]
        results["data"][name] = points
        for seed, point in product(options.seeds, points):
            count = point["labels"]
            folder, drawn = out / str(count), subset(examples, count, seed)
            few = {}
            if count < len(examples):
                few = {"data": {"train": write_subset(folder / f"labels-{seed}.tsv", drawn)}}
            for variant in tried:
                table = merge(base, variant.options, data, few, {"seed": seed})
                configuration = take_encoder_options(Configuration.model_validate(table))
                figures = trained(configuration, folder / f"{variant.name}-{seed}")
                _add(point, name, variant.name, seed, figures)
                if variant.name == SENTENCE_VECTORS:
                    first = figures["curve"][0]
                    accuracy = {"accuracy": first["validation_accuracy"]}
                    _add(point, name, LINEAR_HEAD, seed, accuracy)
            if fasttext:
                splits = split_of(drawn), split_of(held_out)
                _add(point, name, FASTTEXT, seed, _fasttext(fasttext, *splits, folder, seed))
    return results


def _add(point: dict[str, Any], name: str, tried: str, seed: int, figures: dict[str, Any]) -> None:
    """Adds a run to its point of the curve, and says so."""
    point["runs"][tried].append({"seed": seed, **figures})
    print(
        f"{name}, {point['labels']:,} labels, {tried}, seed {seed}: {figures['accuracy']:.4f}",
        file=sys.stderr,
    )


def _encoders(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yields what encoders there are, by objective, pretrained here where they are not given."""
    for objective in OBJECTIVES:
        wanting = [name for name in options.variants if ENCODERS.get(name) == objective]
        if not wanting:
            continue
        if given := getattr(options, objective.replace("-", "_")):
            yield objective, given
        elif options.text and objective in FROM_TEXT:
            yield objective, _pretrained(objective, options)
        else:
            wanted = f"--{objective} ENCODER" + (" or --text SRC" if objective in FROM_TEXT else "")
            print(f"left out for want of {wanted}: {', '.join(wanting)}", file=sys.stderr)


def _pretrained(objective: str, options: argparse.Namespace) -> str:
    folder = options.out / "encoders" / objective
    command = [sys.executable, "-m", "hier_rnn", "train", "pretrain", "--objective", objective]
    command += ["--text", *options.text, "--out", str(folder)]
    command += ["--config", str(options.config)] if options.config else []
    if subprocess.run(command).returncode:
        raise UserError(f"{folder}: pretraining failed, as told above.")
    return str(folder)


def _counts(labels: Sequence[int | str], examples: Sequence[Example], name: str) -> list[int]:
    """Returns the numbers of labels to try, in order; says which can't be."""
    counts = {len(examples) if count == ALL else count for count in labels}
    classes = len({example.label for example in examples})
    possible = {count for count in counts if classes <= count <= len(examples)}
    if left_out := sorted(counts - possible):
        print(
            f"{name} has {len(examples):,} examples of {classes} classes; left out:"
            f" {', '.join(map(str, left_out))} labels",
            file=sys.stderr,
        )
    return sorted(possible)


def _fasttext(
    model: ModuleType, train: Split, validation: Split, folder: Path, seed: int
) -> dict[str, Any]:
    """Returns fastText's figures, with settings that the first seed's labels were tuned with."""

    def tune() -> dict[str, Any]:
        return model.tuned(train, validation)[0]._asdict()

    def score() -> dict[str, Any]:
        fitted = model.FastText(*train, model.Settings(**settings), seed)
        return {"accuracy": fitted.accuracy(*validation), "settings": settings}

    settings = _kept(folder / f"{FASTTEXT}.json", tune)
    return _kept(folder / f"{FASTTEXT}-{seed}.json", score)


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """Returns what a file holds, after making it if need be."""
    if not path.exists():
        write_results(path, make())
    return json.loads(path.read_text(encoding="utf-8"))


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints a table for each data set.

    Args:
        results: Of `measure`.
        console: Where to; default, standard output.
    """
    console = console or Console()
    for name, points in results["data"].items():
        title = f"{name}: best validation accuracy by labels"
        # No borders, so that five numbers of labels fit into 80 columns.
        table = Table(
            title=f"{title}, seeds {results['seeds']}", box=SIMPLE, padding=0, show_edge=False
        )
        table.add_column("variant")
        for point in points:
            table.add_column(f"{point['labels']:,}", justify="right")
        for variant in points[0]["runs"] if points else ():
            table.add_row(variant, *(_cell(point["runs"][variant]) for point in points))
        console.print(table)


def _cell(runs: Sequence[Mapping[str, Any]]) -> str:
    mean, deviation = mean_and_deviation(runs)
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}" if len(runs) > 1 else f"{100 * mean:.1f}"


def mean_and_deviation(runs: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Returns those of the runs' accuracies; a single run deviates by 0."""
    scores = [run["accuracy"] for run in runs]
    return statistics.mean(scores), statistics.stdev(scores) if len(scores) > 1 else 0.0


if __name__ == "__main__":
    main()
