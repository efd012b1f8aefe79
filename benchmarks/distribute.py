"""Measures training by several workers on this machine, and kills some of them.

    python -m benchmarks.distribute speed [--workers 2] [--epochs 2] [--json FILE]
    python -m benchmarks.distribute kills [--kills 10] [--seed N] [--json FILE]

`speed` trains a classifier and both pretrainings of words at the shipped sizes, in one process, in
one with a worker's share of each batch alone, and in several, each on a processor of its own. It
prints words per second, the bytes that are summed in a step and the time that this takes. `kills`
trains small ones: at a random moment before the run is written, a worker is killed (SIGKILL) and
begun again; at the end the weights must be those of one process, within 1e-5.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from hier_rnn.configuration.options import Configuration, Text
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.tokenizer import Tokenizer

LIMIT = 3600.0  # seconds for one training
CLOSE = 1e-5
COMMANDS = {
    # By the loss, so that rounding does not decide which of two epochs is kept.
    "classify": [
        *("train", "--training.warm_start_epochs", "0", "--training.patience", "0"),
        *("--training.validation_metric", "loss"),
    ],
    "next-character": ["train", "pretrain", "--objective", "next-character"],
    "word-vectors": ["train", "pretrain", "--objective", "word-vectors"],
}
SMALL = [
    *("--text.minimum_character_count", "1", "--character_encoder.units", "24"),
    *("--sentence_encoder.units", "16", "--training.epochs", "6", "--training.patience", "0"),
    *("--training.warm_start_epochs", "0", "--training.minimum_steps_per_epoch", "0"),
    *("--training.checkpoint_seconds", "0", "--training.worker_timeout", "300"),
]


def addresses(count: int) -> list[str]:
    """Returns addresses of this machine whose ports nobody has at this moment."""
    with contextlib.ExitStack() as opened:
        servers = [opened.enter_context(socket.create_server(("", 0))) for _ in range(count)]
        return [f"localhost:{server.getsockname()[1]}" for server in servers]


def begin(arguments: Sequence[str], workers: list[str], index: int, log: Path) -> subprocess.Popen:
    """Begins one worker, on a processor of its own if there are as many.

    Args:
        arguments: Of `hier-rnn`.
        workers: Addresses; one: a training in one process.
        index: Which of them.
        log: Where its messages go.
    """
    processors = sorted(os.sched_getaffinity(0))
    own = {processors[index % len(processors)]}
    environment = {**os.environ}
    if len(workers) > 1:
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment["TF_CONFIG"] = json.dumps(task)
        arguments = [*arguments, "--distribute", "multi-worker"]
    with log.open("ab") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "hier_rnn", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=written,
            preexec_fn=lambda: os.sched_setaffinity(0, own),
        )


@contextlib.contextmanager
def ended(processes: list[subprocess.Popen]) -> Iterator[None]:
    """A context after which no worker is left."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def finish(processes: Sequence[subprocess.Popen], logs: Sequence[Path]) -> None:
    """Waits for all workers.

    Raises:
        RuntimeError: One ended with an error.
    """
    for process, log in zip(processes, logs, strict=True):
        if process.wait(LIMIT):
            raise RuntimeError(f"status {process.returncode}: {log.read_text('utf-8')[-2000:]}")


def train(arguments: Sequence[str], count: int, folder: Path) -> None:
    """Trains with so many workers to the end."""
    workers = addresses(count)
    logs = [folder / f"worker-{index}.log" for index in range(count)]
    processes: list[subprocess.Popen] = []
    with ended(processes):
        processes += [begin(arguments, workers, i, log) for i, log in enumerate(logs)]
        finish(processes, logs)


def weights_of(out: Path) -> dict[str, np.ndarray]:
    """Returns the weights of a finished run or encoder."""
    kind = RunDirectory if (out / "labels.json").exists() else EncoderDirectory
    return kind(out).read_weights()


def speed_of(kind: str, count: int, batch: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Returns the speed of a training's epochs but the first, and what it sums up.

    Args:
        kind: A key of `COMMANDS`.
        count: Workers.
        batch: What all of them together take in a step: sentences, or distinct words.
        epochs: Epochs that count.
        folder: For the run.
    """
    out = folder / f"{kind}-{count}-{batch}"
    group = "training" if kind == "classify" else "pretraining"
    data = "--train" if kind == "classify" else "--text"
    arguments = [*COMMANDS[kind], data, str(bundled("train")), "--out", str(out), "--quiet"]
    options = [f"--{group}.epochs", str(epochs + 1), f"--{group}.batch_size", str(batch)]
    train([*arguments, *options], count, folder)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text("utf-8").splitlines()]
    speed = statistics.median(row["words_per_second"] for row in rows[1:])
    size = 4 * (2 + sum(values.size for values in weights_of(out).values()))
    # Each worker sends and receives so much where sums go around in a ring.
    sent = 2 * (count - 1) / count * size
    return {
        "kind": kind,
        "workers": count,
        "batch": batch,
        "words_per_second": round(speed, 1),
        "milliseconds_per_step": round(1000 * words_of_step(kind, batch) / speed, 2),
        "bytes_summed": size if count > 1 else 0,
        "bytes_sent_by_each": round(sent),
        "out": str(out),
    }


def words_of_step(kind: str, batch: int) -> float:
    """Returns how many words a step has in the mean."""
    if kind != "classify":
        return batch
    tokenizer = Tokenizer(Text(words="whitespace"))
    lengths = [len(tokenizer(example.text)) for example in open_source(bundled("train"))]
    return batch * statistics.mean(lengths)


def kill_once(draw: random.Random, folder: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Kills a worker of two at a random moment of the training, and returns what came of it."""
    out = folder / "killed"
    shutil.rmtree(out, ignore_errors=True)
    workers, victim = addresses(2), draw.randrange(2)
    logs = [folder / f"worker-{index}.log" for index in range(2)]
    begun, delay = time.monotonic(), draw.uniform(0, 1)
    processes: list[subprocess.Popen] = []
    command = [*arguments, "--out", str(out)]
    with ended(processes):
        processes += [begin(command, workers, i, log) for i, log in enumerate(logs)]
        # A moment of the whole training: of its start, which is most of it, and of its steps.
        while not out.exists() and processes[0].poll() is None:
            time.sleep(0.01)
        time.sleep(delay * 1.5 * (time.monotonic() - begun))
        steps = sorted(path.stem for path in out.rglob("step-*.safetensors"))
        # When the run is written, the others end, and nobody waits for one that is begun again.
        late = processes[victim].poll() is not None or RunDirectory(out).finished
        processes[victim].kill()
        processes[victim].wait()
        killed = time.monotonic()
        processes[victim] = begin(command, workers, victim, logs[victim])
        finish(processes, logs) if not late else processes[victim].kill()
    return {
        "victim": victim,
        "after_seconds": round(killed - begun, 1),
        "last_saved": steps[-1] if steps else "",
        "too_late": late,
        "seconds_to_the_end": round(time.monotonic() - killed, 1),
    }


def largest_difference(one: Path, other: Path) -> float:
    """Returns by how much a weight differs at most."""
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    return max(float(np.abs(first[name] - second[name]).max()) for name in first)


@click.group()
def main() -> None:
    """Training by several workers."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@main.command()
@click.option("--workers", default=2, help="how many, beside one alone")
@click.option("--epochs", default=2, help="epochs that count; the first one does not")
@click.option("--kind", "kinds", type=click.Choice(list(COMMANDS)), multiple=True)
@click.option("--json", "file", type=click.Path(path_type=Path))
def speed(workers: int, epochs: int, kinds: Sequence[str], file: Path | None) -> None:
    """Words per second with one worker and with several."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds or COMMANDS:
            group = Configuration().training if kind == "classify" else Configuration().pretraining
            batch = group.batch_size
            settings = ((1, batch), (1, batch // workers), (workers, batch))
            one, share, several = (
                speed_of(kind, count, size, epochs, Path(folder)) for count, size in settings
            )
            gap = largest_difference(*(Path(row.pop("out")) for row in (one, several)))
            del share["out"]
            times = several["words_per_second"] / one["words_per_second"]
            together = several["milliseconds_per_step"] - share["milliseconds_per_step"]
            several |= {"largest_difference": gap, "milliseconds_of_summing": round(together, 2)}
            rows += [one, share, several]
            print(*rows[-3:], sep="\n")
            print(
                f"{kind}: {times:.2f} times as fast, weights within {gap:.1e}; a step takes"
                f" {together:.1f} ms longer than a worker's share alone",
                flush=True,
            )
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


@main.command()
@click.option("--kills", default=10)
@click.option("--examples", default=300, help="sentences of the bundled data set")
@click.option("--seed", default=0)
@click.option("--json", "file", type=click.Path(path_type=Path))
def kills(kills: int, examples: int, seed: int, file: Path | None) -> None:
    """Kills a worker at random moments; it is begun again at once."""
    draw, rows = random.Random(seed), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, whole = folder / "text.tsv", folder / "whole"
        lines = Path(bundled("train")).read_text("utf-8").splitlines(keepends=True)
        text.write_text("".join(lines[:examples]), "utf-8")
        arguments = ["train", "--train", str(text), *SMALL, "--quiet"]
        train([*arguments, "--out", str(whole)], 1, folder)
        while len(rows) < kills:
            row = kill_once(draw, folder, arguments)
            if row.pop("too_late"):
                continue
            row["largest_difference"] = largest_difference(whole, folder / "killed")
            rows.append(row)
            print(row, flush=True)
    worst = max(row["largest_difference"] for row in rows)
    print(f"{kills} kills; weights within {worst:.1e} of those of one process")
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    raise SystemExit(worst > CLOSE)


if __name__ == "__main__":
    main()
