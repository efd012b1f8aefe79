"""Kills a classification and a pretraining at random moments, and looks at what comes of them.

    python -m benchmarks.kills [--kills 50] [--kind classify|pretrain] [--seed N] [--json FILE]

Each training is killed (SIGKILL) at a random moment after it began to write, and started again
until it is finished; then it starts over, till there were so many kills. At the end the weights and
all that belongs to them must be byte for byte those of a training that nobody disturbed, and no
other file may be left.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import psutil

from hier_rnn.sources.bundled import bundled
from hier_rnn.storage.lock import LOCK

EXAMPLES = 300
LOOK = 0.01  # seconds between two looks at how long it has computed
SIZES = ("--text.minimum_character_count", "1", "--character_encoder.units", "24", "--quiet")
# Each step is saved, so that a kill finds every stage of it.
COMMANDS = {
    "classify": (
        "train",
        "--train",
        "TEXT",
        "--sentence_encoder.units",
        "16",
        "--training.epochs",
        "2",
        "--training.warm_start_epochs",
        "2",
        "--training.checkpoint_seconds",
        "0",
        *SIZES,
    ),
    "pretrain": (
        "train",
        "pretrain",
        "--text",
        "TEXT",
        "--pretraining.epochs",
        "40",
        "--pretraining.checkpoint_seconds",
        "0",
        *SIZES,
    ),
}
TIMED = ("metrics.jsonl", "manifest.json", "evaluation.json", "facts.json")
"""Files that hold how long something took; their names alone are compared."""


class Trained(NamedTuple):
    """What became of a training."""

    finished: bool
    """Or else it was killed."""
    began: float
    """Processor seconds until it wrote its first file."""
    seconds: float
    """Processor seconds in all."""


def train(kind: str, text: Path, out: Path, seconds: float = math.inf) -> Trained:
    """Trains until it is finished or has computed for so long: processors may be busy otherwise.

    Args:
        kind: A key of `COMMANDS`.
        text: The training text.
        out: The directory to write.
        seconds: Of processors, until it is killed. Default never.

    Raises:
        RuntimeError: It ended with an error.
    """
    command = [str(text) if part == "TEXT" else part for part in COMMANDS[kind]]
    with tempfile.TemporaryFile("w+") as messages:
        process = psutil.Popen(
            [sys.executable, "-m", "hier_rnn", *command, "--out", str(out)],
            stdout=subprocess.DEVNULL,
            stderr=messages,
        )
        began = computed = 0.0
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                times = process.cpu_times()
                computed = times.user + times.system
            if not out.exists():
                began = computed
            if computed >= seconds:
                process.kill()
                process.wait()
                return Trained(False, began, computed)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(LOOK)
        if process.returncode:
            messages.seek(0)
            raise RuntimeError(f"status {process.returncode}: {messages.read()[-2000:]}")
    return Trained(True, began, computed)


def files_of(directory: Path) -> dict[str, bytes]:
    """Returns every file of a directory, hidden ones too, by its name; of timed ones the name."""
    return {
        path.relative_to(directory).as_posix(): b"" if path.name in TIMED else path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() or path.is_symlink()
    }


def disturbed(
    kind: str, folder: Path, kills: int, draw: random.Random
) -> tuple[list[dict[str, Any]], list[str]]:
    """Kills trainings and returns a row for each kill, and what was wrong at the end."""
    # The model card has the directory's name.
    text, whole, out = folder / "text.tsv", folder / "whole" / "run", folder / "killed" / "run"
    for directory in (whole, out):
        directory.parent.mkdir()
    lines = Path(bundled("train")).read_text("utf-8").splitlines(keepends=True)
    text.write_text("".join(lines[:EXAMPLES]), "utf-8")
    # Until it begins to write, it loads programs and reads: nothing that a kill could harm.
    _, least, most = train(kind, text, whole)
    expected, wrong = files_of(whole), []
    rows: list[dict[str, Any]] = []
    while True:
        seconds = draw.uniform(least, most) if len(rows) < kills else math.inf
        if not train(kind, text, out, seconds).finished:
            left = sorted(path.name for path in out.rglob(".*") if path.name != LOCK)
            steps = sorted(path.stem for path in out.rglob("step-*.safetensors"))
            rows.append({"kind": kind, "seconds": seconds, "step": steps[-1:], "left": left})
            print(rows[-1], flush=True)
            continue
        found = files_of(out)
        wrong += [
            f"{name}: {'differs' if name in found and name in expected else 'left over or missing'}"
            for name in sorted(found.keys() | expected.keys())
            if found.get(name) != expected.get(name)
        ]
        print(f"{kind}: finished after {len(rows)} kills: {wrong or 'all files equal'}", flush=True)
        if seconds == math.inf:
            return rows, wrong
        shutil.rmtree(out)


@click.command()
@click.option("--kills", default=50, help="of each kind")
@click.option("--kind", "kinds", type=click.Choice(list(COMMANDS)), multiple=True)
@click.option("--seed", default=0)
@click.option("--json", "file", type=click.Path(path_type=Path))
def main(kills: int, kinds: Sequence[str], seed: int, file: Path | None) -> None:
    """Kills trainings at random moments and prints what came of them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for kind in kinds or COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            some, wrong = disturbed(kind, Path(folder), kills, draw)
        rows, faults = rows + some, faults + wrong
        before = sum(not row["step"] for row in some)
        print(
            f"\n| {kind} | {len(some)} kills | {before} before the first checkpoint"
            f" | {sum(bool(row['left']) for row in some)} left half-written files, gone at the next"
            f" start | at the end {'; '.join(wrong) or 'equal, nothing left over'} |\n"
        )
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
