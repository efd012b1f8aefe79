"""Time to a model: from the command to a score on test data, by phase.

    python -m benchmarks.wall --data TRAIN TEST --data TRAIN TEST --minilm DIR

Every training runs in a process of its own, start-up included, as `hier-rnn train --train TRAIN
--test TEST` does. Beside it fastText, not tuned, and with `--minilm` a logistic regression on the
vectors of a sentence transformer in that directory. Without `--data`: the bundled messages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, positive, run
from benchmarks.wall_worker import MODELS
from benchmarks.workload import shown
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.wall", __doc__)
    add = parser.add_argument
    add("--data", nargs=2, action="append", metavar=("TRAIN", "TEST"), help="may be repeated")
    add("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    add("--encoder", metavar="ENCODER", help="what hier_rnn starts from, as for train")
    add("--config", metavar="FILE", help="options of hier_rnn, TOML")
    add("--minilm", metavar="DIR", help="a sentence transformer's files")
    add("--runs", type=positive, default=3, metavar="N", help="runs of each; medians are shown")
    add("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the seconds of each phase of each model on each data set."""
    models = [name for name in options.models if name != "minilm" or options.minilm]
    if len(models) < len(options.models):
        print("left out for want of --minilm DIR: minilm", file=sys.stderr)
    sets = []
    for train, test in options.data or [(bundled("train"), bundled("test"))]:
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in models}
        for seed in range(options.runs):
            for name in models:
                task = {
                    "model": name,
                    "train": train,
                    "test": test,
                    "encoder": options.encoder,
                    "config": options.config,
                    "minilm": options.minilm,
                    "seed": seed,
                }
                print(f"{shown(train)}, {name}, seed {seed} ...", file=sys.stderr, flush=True)
                runs[name].append(timed(task))
        sets.append({"train": shown(train), "test": shown(test), "runs": runs})
    return {"machine": machine(processors()), "sets": sets}


def timed(task: dict[str, Any]) -> dict[str, Any]:
    """Returns accuracy and seconds by phase of one training in a new process."""
    task = {**task, "begun": time.time()}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.wall_worker"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
    )
    whole = time.time() - task["begun"]
    if done.returncode:
        raise UserError(f"{task['model']}: {done.stderr.strip()[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures["seconds"]["end"] = whole - sum(figures["seconds"].values())
    return {**figures, "seed": task["seed"], "whole": whole}


def show(results: Results) -> None:
    """Prints a table: a row for each model of each data set."""
    console = Console(width=120)
    for each in results["sets"]:
        table = Table(title=f"{each['train']}: seconds to a score on {each['test']}")
        for name in ("model", "seconds", "accuracy"):
            table.add_column(name, justify="left" if name == "model" else "right")
        table.add_column("of which")
        for model, runs in each["runs"].items():
            phases = sorted({phase for run in runs for phase in run["seconds"]})
            medians = {p: statistics.median(r["seconds"].get(p, 0.0) for r in runs) for p in phases}
            largest = sorted(medians.items(), key=lambda item: -item[1])
            parts = [f"{phase} {seconds:,.1f}" for phase, seconds in largest if seconds > 0.05]
            table.add_row(
                model,
                f"{statistics.median(run['whole'] for run in runs):,.1f}",
                f"{100 * statistics.median(run['accuracy'] for run in runs):.1f}",
                ", ".join(parts),
            )
        console.print(table)


if __name__ == "__main__":
    main()
