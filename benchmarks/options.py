"""Options that several benchmarks have, and what follows from them: the text and the task."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import processors
from benchmarks.peers.task import Task, configuration, first_weights
from benchmarks.workload import Workload, read_workload, shown
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source
from hier_rnn.text.tokenizer import Tokenizer

Results = Mapping[str, Any]

LEARNING_RATE = 1e-3
FIGURES = (".png", ".svg", ".pdf")


def positive(text: str) -> int:
    """Reads a whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def drawing(text: str) -> Path:
    """Reads the name of a figure, for argparse."""
    path = Path(text)
    if path.suffix.lower() not in FIGURES:
        raise argparse.ArgumentTypeError(f"'{text}' does not end in {', '.join(FIGURES)}")
    return path


def parser_of(module: str, description: str) -> argparse.ArgumentParser:
    """Returns a parser whose help shows the defaults.

    Args:
        module: The benchmark's, as it is run.
        description: What it measures.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )


def run(
    parser: argparse.ArgumentParser,
    measure: Callable[[argparse.Namespace], Results],
    show: Callable[[Results], None],
    draw: Callable[[Results, Path], None] | None = None,
) -> None:
    """Measures, shows and writes what the arguments of the process ask for.

    Args:
        parser: Has `--json`; and `--plot`, if there is something to draw.
        measure: Returns the results, given the options.
        show: Prints them.
        draw: Draws them. Default, there is nothing to draw.
    """
    options = parser.parse_args()
    try:
        results = measure(options)
        show(results)
        write_results(options.json, results)
        if draw and options.plot:
            draw(results, options.plot)
    except UserError as error:
        parser.exit(2, f"error: {error}\n")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the text, the sizes and the machine, and `--json` and `--plot`."""

    def add(flag: str, help: str, **settings: Any) -> None:
        parser.add_argument(flag, help=help, **settings)

    add("--data", "a source, as for train.py; without: the bundled messages", metavar="SRC")
    add("--label-column", "column or field of the label", default="label")
    add("--text-column", "column or field of the text", default="text")
    add("--tfds-data-dir", "where TensorFlow Datasets are prepared", default="", metavar="DIR")
    add("--sentences", "read at most so many", type=positive, default=5000)
    add("--batches", "training batches in a turn", type=positive, default=30)
    add("--runs", "turns of each", type=positive, default=5)
    add("--threads", "of each model", type=positive, default=processors())
    add("--embedding", "width of a character's embedding", type=positive, default=32)
    add("--units", "width of the character GRU", type=positive, default=128)
    add("--sentence-units", "width of the LSTM, each direction", type=positive, default=128)
    add(
        "--marks",
        "begin and end marks around words",
        action=argparse.BooleanOptionalAction,
        default=False,
    )
    add("--seed", "decides the order of the data and the weights", type=int, default=0)
    add("--json", "write the results", type=Path, metavar="FILE")
    add("--plot", "draw the results (.png, .svg, .pdf)", type=drawing, metavar="FILE")


def prepared(
    options: argparse.Namespace, keras_words: int = 64, inference_sentences: int = 64
) -> tuple[Workload, Task]:
    """Reads the text and returns it, with what is to be computed on it.

    Args:
        options: Those of `add_options`.
        keras_words: The longest static words axis.
        inference_sentences: Sentences in a batch at inference.
    """
    source = open_source(
        options.data or bundled("train"),
        options.label_column,
        options.text_column,
        options.tfds_data_dir,
    )
    model = configuration(
        options.embedding, options.units, options.sentence_units, LEARNING_RATE, options.marks
    )
    workload = read_workload(source, Tokenizer(model.text), options.sentences, options.seed)
    weights = first_weights(model, workload.alphabet, workload.classes, options.seed)
    task = Task(
        model,
        workload.alphabet,
        workload.classes,
        weights,
        options.threads,
        min(workload.longest, keras_words),
        inference_sentences,
    )
    return workload, task


def described(options: argparse.Namespace, workload: Workload) -> dict[str, dict[str, Any]]:
    """Returns the data and the sizes, for the results; nothing says where this machine has them."""
    return {
        "data": {
            "name": shown(options.data or bundled("train")),
            "sentences": len(workload.sentences),
            "words": workload.words,
            "longest_sentence": workload.longest,
            "classes": workload.classes,
            "characters": workload.alphabet.size,
        },
        "sizes": {
            "embedding": options.embedding,
            "gru": options.units,
            "lstm_each_way": options.sentence_units,
            "boundary_marks": options.marks,
        },
    }


def write_results(path: Path | None, results: Mapping[str, Any]) -> None:
    """Writes results as JSON, where there is a path to write them to."""
    if path:
        with write_atomically(path) as file:
            file.write(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
