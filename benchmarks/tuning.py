"""`train tune` and fastText's `-autotune-validation`, with the same minutes on the same data.

Each set is cut in the same way for both: a tenth of the training data is the validation data that
they tune on, and the test data are others, which neither sees. What is measured is the time of the
whole process, start-up included, and the accuracy of what it leaves.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.label_subset import write_subset
from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, run
from benchmarks.workload import shown
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.sampling.split import stratified_split
from hier_rnn.sources.source import open_source

SHARE = 0.1
OURS, PEER = "hier_rnn", "fasttext"


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.tuning", __doc__)
    parser.add_argument(
        "--data",
        nargs="+",
        action="append",
        required=True,
        metavar=("TRAIN", "TEST"),
        help="sources, as for train.py; without TEST another tenth of TRAIN; may be given again",
    )
    parser.add_argument("--minutes", type=float, default=3.0, help="for each")
    parser.add_argument("--models", nargs="+", choices=[OURS, PEER], default=[OURS, PEER])
    parser.add_argument("--seed", type=int, default=0, help="decides how the data are cut")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Tunes each on each of the sets.

    Args:
        options: Those of `main`.
    """
    results = []
    for names in options.data:
        train, validation, test = _cut(names, options.seed)
        figures: dict[str, Any] = {
            "data": shown(names[0]),
            "examples": {"train": len(train), "validation": len(validation), "test": len(test)},
        }
        for model in options.models:
            tune = _tune_ours if model == OURS else _tune_fasttext
            figures[model] = tune(train, validation, test, options.minutes)
        results.append(figures)
    return {"machine": machine(processors()), "minutes": options.minutes, "sets": results}


def _cut(names: Sequence[str], seed: int) -> tuple[list[Example], list[Example], list[Example]]:
    train: Source = open_source(names[0])
    if len(names) > 1:
        test: Source = open_source(names[1])
    else:
        train, test = stratified_split(train, SHARE, seed)
    train, validation = stratified_split(train, SHARE, seed)
    return list(train), list(validation), list(test)


def _tune_ours(
    train: list[Example], validation: list[Example], test: list[Example], minutes: float
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts = {"train": train, "validation": validation, "test": test}
        files = {
            name: write_subset(place / f"{name}.tsv", examples) for name, examples in parts.items()
        }
        out, figures = place / "run", place / "figures.json"
        hier_rnn = [sys.executable, "-m", "hier_rnn"]
        tune = ["train", "tune", "--train", files["train"], "--validation", files["validation"]]
        begun = time.monotonic()
        subprocess.run([*hier_rnn, *tune, "--minutes", f"{minutes}", "--out", str(out)], check=True)
        seconds = time.monotonic() - begun
        evaluate = [
            "evaluate",
            str(out),
            "--data",
            files["test"],
            "--json",
            str(figures),
            "--quiet",
        ]
        subprocess.run([*hier_rnn, *evaluate], check=True)
        study = json.loads((out / "tuning" / "study.json").read_text("utf-8"))
        states = [trial["state"] for trial in study["trials"]]
        best = max(study["trials"], key=lambda trial: (trial["score"] or 0, -trial["number"]))
        return {
            "seconds": round(seconds, 1),
            "trials": {state: states.count(state) for state in sorted(set(states))},
            "options": best["options"],
            "validation_accuracy": best["score"],
            "first_trial_validation_accuracy": study["trials"][0]["score"],
            "accuracy": json.loads(figures.read_text("utf-8"))["accuracy"],
        }


def _tune_fasttext(
    train: list[Example], validation: list[Example], test: list[Example], minutes: float
) -> dict[str, Any]:
    from benchmarks.peers.fasttext_autotune import AutotunedFastText

    parts = [
        ([example.text for example in part], [example.required_label for example in part])
        for part in (train, validation, test)
    ]
    begun = time.monotonic()
    model = AutotunedFastText(parts[0], parts[1], round(60 * minutes))
    seconds = time.monotonic() - begun
    return {
        "seconds": round(seconds, 1),
        "options": model.settings,
        "validation_accuracy": model.accuracy(*parts[1]),
        "accuracy": model.accuracy(*parts[2]),
    }


def show(results: Results) -> None:
    """Prints the results of `measure`."""
    table = Table(title=f"Tuned for {results['minutes']:g} minutes: accuracy")
    for heading in ("data", "model", "validation", "test", "seconds", "trials"):
        table.add_column(heading, justify="left" if heading in ("data", "model") else "right")
    for figures in results["sets"]:
        for model in (OURS, PEER):
            if model not in figures:
                continue
            own = figures[model]
            trials = sum(own["trials"].values()) if "trials" in own else None
            table.add_row(
                figures["data"],
                model,
                f"{100 * own['validation_accuracy']:.1f}",
                f"{100 * own['accuracy']:.1f}",
                f"{own['seconds']:.0f}",
                "" if trials is None else str(trials),
            )
    Console().print(table)


if __name__ == "__main__":
    main()
