"""Trains, evaluates, predicts and serves again and again, and looks for what grows.

    python -m benchmarks.soak [--minutes 30] [--out DIR] [--json FILE] [--plot FILE.svg]

One process trains and evaluates small runs and asks a predictor, all in turn; another serves, and
is asked all the while. Each round is a row: memory, open files and threads of both, and words per
second. Memory must stay within 5% of what it is after the first minutes.
"""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import psutil

MEBIBYTE = 1 << 20
EXAMPLES = 300
GROWTH = 1.05
SETTLED = 0.2  # of the time; before that, what is kept for reuse fills up
FIGURES = ("mebibytes", "files", "threads")


def main_loop(folder: Path, minutes: float, told: Callable[[dict[str, Any]], None]) -> None:
    """Does everything in turn until the time is over.

    Args:
        folder: Where runs go.
        minutes: How long.
        told: Called with each round's row.
    """
    from hier_rnn.configuration.schema import validate
    from hier_rnn.sources.bundled import bundled
    from hier_rnn.tensorflow_setup import import_tensorflow

    import_tensorflow()
    import hier_rnn
    from hier_rnn.evaluation.evaluate_runs import evaluate_runs
    from hier_rnn.sources.source import open_source
    from hier_rnn.training.classification.train import train_classifier

    data = {}
    for split in ("train", "validation"):
        data[split] = folder / f"{split}.tsv"
        lines = Path(bundled(split)).read_text("utf-8").splitlines(keepends=True)
        data[split].write_text("".join(lines[:EXAMPLES]), "utf-8")
    texts = [line.partition("\t")[2] for line in lines]
    options = {
        "data": {"train": [str(data["train"])], "validation": str(data["validation"])},
        "character_encoder": {"units": 32},
        "sentence_encoder": {"units": 32},
        "training": {"epochs": 1, "warm_start_epochs": 1, "minimum_steps_per_epoch": 1},
    }
    configuration = validate(options, str)
    process, begun = psutil.Process(), time.monotonic()
    with served(lambda: train_classifier(configuration, folder / "served"), folder) as server:
        number = 0
        while time.monotonic() - begun < 60 * minutes:
            number += 1
            train_classifier(configuration, folder / "run", force=True)
            predictor = hier_rnn.load(folder / "run")
            evaluate_runs([predictor], open_source(str(data["validation"])))
            started = time.perf_counter()
            predictor.predict(f"{text} {number} {place}" for place, text in enumerate(texts))
            words = sum(len(text.split()) + 2 for text in texts)
            row = {
                "minutes": round((time.monotonic() - begun) / 60, 2),
                "round": number,
                "words_per_second": round(words / (time.perf_counter() - started)),
                "requests_per_second": round(server.ask(texts, number)),
                **figures("trains", [process]),
                **figures("serves", server.processes()),
            }
            told(row)


def figures(name: str, processes: list[psutil.Process]) -> dict[str, float]:
    """Returns memory, open files and threads of processes together."""
    return {
        f"{name}_mebibytes": round(sum(p.memory_info().rss for p in processes) / MEBIBYTE, 1),
        f"{name}_files": sum(p.num_fds() for p in processes),
        f"{name}_threads": sum(p.num_threads() for p in processes),
    }


class Server:
    """`hier-rnn serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process, self._address = process, address

    def processes(self) -> list[psutil.Process]:
        """Returns it and its workers."""
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

    def ask(self, texts: list[str], number: int) -> float:
        """Asks for the labels of texts, never the same ones, and returns requests per second."""
        begun = time.perf_counter()
        for start in range(0, len(texts), 10):
            asked = [f"{text} {number}" for text in texts[start : start + 10]]
            request = urllib.request.Request(
                f"{self._address}/predict",
                json.dumps({"texts": asked}).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                json.load(answer)
        return len(texts) / 10 / (time.perf_counter() - begun)


@contextlib.contextmanager
def served(train: Callable[[], object], folder: Path) -> Iterator[Server]:
    """A context in which a run that is trained first is served."""
    train()
    log = folder / "serve.log"
    with open(log, "w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "hier_rnn", "serve", str(folder / "served"), "--port", "0"],
            stdout=file,
            stderr=file,
            text=True,
        )
    try:
        until = time.monotonic() + 120
        while not (found := re.search(r"http://[\d.:]+", log.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"it does not serve: {log.read_text()}")
            time.sleep(0.1)
        yield Server(process, found[0])
    finally:
        process.terminate()
        process.wait(60)


def growth(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Returns each figure's last rounds as a share of its first ones, once it has settled."""
    settled = [row for row in rows if row["minutes"] >= SETTLED * rows[-1]["minutes"]]
    some = max(1, len(settled) // 5)
    return {
        name: round(
            statistics.median(row[name] for row in settled[-some:])
            / max(statistics.median(row[name] for row in settled[:some]), 1),
            3,
        )
        for name in (f"{who}_{what}" for who in ("trains", "serves") for what in FIGURES)
    }


def plot(rows: list[dict[str, Any]], file: Path) -> None:
    """Draws memory, files, threads and words per second over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [
        *(f"trains_{what}" for what in FIGURES),
        *(f"serves_{what}" for what in FIGURES),
        "words_per_second",
        "requests_per_second",
    ]
    figure, axes = pyplot.subplots(4, 2, figsize=(9, 10), sharex=True)
    for name, axis in zip(names, axes.T.flat, strict=True):
        axis.plot([row["minutes"] for row in rows], [row[name] for row in rows])
        axis.set_title(name.replace("_", " "))
        axis.set_ylim(bottom=0)
    figure.supxlabel("minutes")
    figure.tight_layout()
    figure.savefig(file)


@click.command()
@click.option("--minutes", default=30.0)
@click.option("--json", "file", type=click.Path(path_type=Path))
@click.option("--plot", "drawing", type=click.Path(path_type=Path), help="needs matplotlib")
def main(minutes: float, file: Path | None, drawing: Path | None) -> None:
    """Soaks, and prints a table."""
    rows: list[dict[str, Any]] = []

    def told(row: dict[str, Any]) -> None:
        if not rows:
            print(f"| {' | '.join(row)} |\n" + "| --- " * len(row) + "|")
        rows.append(row)
        print(f"| {' | '.join(map(str, row.values()))} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        main_loop(Path(folder), minutes, told)
    grown = growth(rows)
    print(f"\nthe last fifth by the first, once settled: {grown}")
    if file:
        file.write_text(json.dumps({"rows": rows, "growth": grown}, indent=1) + "\n", "utf-8")
    if drawing:
        plot(rows, drawing)
    raise SystemExit(any(grown[f"{who}_mebibytes"] > GROWTH for who in ("trains", "serves")))


if __name__ == "__main__":
    main()
