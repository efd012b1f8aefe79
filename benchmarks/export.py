"""Exported folders: size, start, speed, latency and accuracy of each runtime and precision.

A run is exported in every way, and each folder answers the texts of labelled data in a process of
its own: by hier_rnn's NumPy engine, by TensorFlow (SavedModel) or by onnxruntime (ONNX). `dynamic`
is the float32 graph after onnxruntime's own dynamic quantization. Differences are to the logits of
the run in NumPy. Runs on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import hier_rnn
from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import parser_of, positive, run
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source

WIDTH = 140  # of the table, also where it goes into a file
ROWS = {
    "NumPy": ("numpy", "float32"),
    "NumPy, float16": ("numpy", "float16"),
    "NumPy, int8": ("numpy", "int8"),
    "TensorFlow (SavedModel)": ("tensorflow", "savedmodel"),
    "ONNX float32": ("onnx", "float32"),
    "ONNX float16": ("onnx", "float16"),
    "ONNX int8": ("onnx", "int8"),
    "ONNX dynamic int8": ("onnx", "dynamic"),
}
RUN_FILES = ("config.toml", "alphabet.json", "labels.json", "calibration.json", "words.model")
OF_MODEL = {
    "numpy": (*RUN_FILES, "model.safetensors"),
    "onnx": ("model.onnx", "export.json", "words.model"),
    "tensorflow": ("1",),
    "pytorch": (*RUN_FILES, "model.safetensors"),
    "fasttext": ("fasttext.bin",),
    "minilm": ("minilm.npz", "model"),
}
PEERS = {
    "PyTorch, packed": ("pytorch", "run"),
    "fastText": ("fasttext", "fasttext"),
    "MiniLM + logistic regression": ("minilm", "minilm"),
}
TRAINED = ("fasttext", "minilm")  # with other weights than the run's
# fastText's words and letters at once, epochs and learning rate.
SETTINGS = {"word_ngrams": 1, "character_ngrams": (3, 6), "epochs": 30, "learning_rate": 0.5}


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.export", __doc__)
    add = parser.add_argument
    add("run", help="a run directory", metavar="RUN")
    add("--data", help="a source, as for train.py; without: the bundled messages", metavar="SRC")
    add("--train", help="the run's training data, for the peers", metavar="SRC")
    add("--minilm", help="files of a sentence transformer, for it as a peer", metavar="DIR")
    add("--rounds", help="processes of each, of which the median counts", type=positive, default=3)
    add("--json", help="write the results", type=Path, metavar="FILE")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of each row."""
    predictor = hier_rnn.load(options.run)
    examples = list(open_source(options.data or bundled("test")))
    texts = [example.text for example in examples]
    words = sum(len(predictor.words(text)) for text in texts)
    targets = np.array([predictor.labels.index(example.label) for example in examples])
    expected = np.array(list(predictor.logits(texts)))
    rows: dict[str, Any] = {}
    chosen = dict(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        folders = _export(predictor, Path(folder))
        if options.train:
            peers = _train_peers(options, predictor.labels, Path(folder))
            folders |= {"run": predictor.run} | peers
            chosen |= {name: row for name, row in PEERS.items() if row[1] in folders}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in chosen}
        for _ in range(options.rounds):
            for name, (runtime, kind) in chosen.items():
                runs[name].append(_figures(runtime, folders[kind], texts))
        for name, (runtime, kind) in chosen.items():
            answers = [own.pop("logits") for own in runs[name]]
            logits = np.array(answers[0])
            median = {
                key: statistics.median(own[key] for own in runs[name]) for key in runs[name][0]
            }
            rows[name] = {
                **median,
                "bytes": _size(folders[kind], OF_MODEL[runtime]),
                "words_per_second_cold": words / median["cold_seconds"],
                "words_per_second_warm": words / median["warm_seconds"],
                "largest_difference": (
                    None if runtime in TRAINED else float(np.abs(logits - expected).max())
                ),
                "accuracy": float(np.mean(logits.argmax(1) == targets)),
            }
    return {
        "rows": rows,
        "texts": len(texts),
        "words": words,
        "machine": machine(processors()),
    }


def _export(predictor: Any, folder: Path) -> dict[str, Path]:
    """Exports a run in every way; returns the folders."""
    from onnxruntime.quantization import quantize_dynamic

    kinds = ("float32", "float16", "int8", "savedmodel", "dynamic")
    folders = {kind: folder / kind for kind in kinds}
    for kind in ("float32", "float16", "int8"):
        predictor.export(folders[kind], "onnx", kind)
    predictor.export(folders["savedmodel"], "savedmodel")
    predictor.export(folders["dynamic"])
    graph = folders["dynamic"] / "model.onnx"
    quantize_dynamic(folders["float32"] / "model.onnx", graph)
    return folders


def _train_peers(
    options: argparse.Namespace, labels: Sequence[str], folder: Path
) -> dict[str, Path]:
    """Trains what has weights of its own; returns the folders."""
    from benchmarks.peers.fasttext_model import FastText, Settings

    examples = [e for e in open_source(options.train) if e.label in labels]
    texts = [example.text for example in examples]
    targets = [example.label for example in examples]
    folders = {"fasttext": folder / "fasttext"}
    folders["fasttext"].mkdir()
    model = FastText(texts, targets, Settings(**SETTINGS))
    model.save(folders["fasttext"] / "fasttext.bin")
    columns = json.dumps([labels.index(name) for name in model.names])
    (folders["fasttext"] / "columns.json").write_text(columns, "utf-8")
    if options.minilm:
        from sklearn.linear_model import LogisticRegression

        from benchmarks.peers.sentence_transformer import Vectors

        folders["minilm"] = folder / "minilm"
        folders["minilm"].mkdir()
        (folders["minilm"] / "model").symlink_to(Path(options.minilm).resolve())
        classes = [labels.index(label) for label in targets]
        head = LogisticRegression(C=10, max_iter=2000).fit(Vectors(options.minilm)(texts), classes)
        kernel, bias = head.coef_.T, head.intercept_
        if len(bias) == 1:  # of two classes there is one column, for the second
            kernel, bias = np.hstack([-kernel, kernel]), np.hstack([-bias, bias])
        folder = folders["minilm"]
        np.savez(folder / "minilm.npz", folder=options.minilm, kernel=kernel, bias=bias)
    return folders


def _figures(runtime: str, folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Returns what a process of its own measures."""
    task = {"runtime": runtime, "folder": str(folder), "texts": texts, "begun": time.time()}
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks.export_worker"]
    answer = subprocess.run(
        command, input=json.dumps(task), capture_output=True, text=True, check=True, env=environment
    )
    figures: dict[str, Any] = json.loads(answer.stdout)
    return figures


def _size(folder: Path, names: Sequence[str]) -> int:
    paths = [folder / name for name in names]
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return sum(file.stat().st_size for file in files)


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints the table.

    Args:
        results: As `measure` returns them.
        console: Where to; default, standard output.
    """
    title = f"{results['texts']:,} texts, {results['words']:,} words"
    table = Table(title=title, title_justify="left")
    table.add_column("runtime")
    headings = "size|first answer|memory|words/s cold|words/s warm|p50|p99|difference|accuracy"
    for heading in headings.split("|"):
        table.add_column(heading, justify="right")
    for name, row in results["rows"].items():
        table.add_row(
            name,
            f"{row['bytes'] / 1e6:.1f} MB",
            f"{row['first_answer_seconds']:.2f} s",
            f"{row['memory_bytes'] / 1e6:,.0f} MB",
            f"{row['words_per_second_cold']:,.0f}",
            f"{row['words_per_second_warm']:,.0f}",
            f"{1000 * row['latency_p50']:.2f} ms",
            f"{1000 * row['latency_p99']:.2f} ms",
            "" if row["largest_difference"] is None else f"{row['largest_difference']:.0e}",
            f"{100 * row['accuracy']:.2f}",
        )
    (console or Console(width=WIDTH)).print(table)


if __name__ == "__main__":
    main()
