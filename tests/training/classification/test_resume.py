"""A real training process is killed again and again, and ends with the same weights."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from hier_rnn.configuration.toml import format_configuration
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.weights.weights_file import read_weights

pytestmark = pytest.mark.slow  # a dozen processes, each of which imports TensorFlow

# What a child process runs: `train.py` with some arguments. It kills itself when a function that
# the test names is about to be called for the n-th time.
CHILD = """
import importlib, os, signal, sys

def killing(function, left):
    def wrapper(*arguments, **settings):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **settings)
    return wrapper

if kill:
    module, names, call = kill
    owner = importlib.import_module(module)
    *path, name = names.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, name, killing(getattr(owner, name), call))

from hier_rnn.commands.main import run
from hier_rnn.commands.train import train
sys.argv = ["train.py", "classify", *arguments]
sys.stderr = open(log, "a", buffering=1)
run(train, "train.py")
"""

LOOP = "hier_rnn.training.loop"
RUN = "hier_rnn.storage.run_directory"
CLASSIFY = "hier_rnn.training.classification"
OBJECTIVE = f"{CLASSIFY}.objective"

# Each in a process of its own, one after the other; the steps are counted from where it goes on.
KILLS = {
    "before anything is written": (f"{CLASSIFY}.train", "claim_output", 1),
    "in the warm start": (LOOP, "TrainingLoop.evaluate", 2),
    "while it writes a checkpoint": ("hier_rnn.files", "os.replace", 2),
    "after an evaluation, before its checkpoint": (
        "hier_rnn.training.state",
        "TrainerState.begin_epoch",
        1,
    ),
    "between a checkpoint and the metrics": (RUN, "RunDirectory.write_metrics", 2),
    "in the middle of the second phase": (OBJECTIVE, "ClassificationObjective.size", 4),
    "while it finishes": (RUN, "RunDirectory.finish", 1),
}

LIMIT = 300  # seconds

OPTIONS = {
    "epochs": 1,
    "minimum_steps_per_epoch": 10,  # two passes
    "batch_size": 12,
    "bucket_batches": 2,
    "moving_average": 0.9,
    "warm_start_epochs": 3,
    "patience": 2,
    "misspell": {"kind": "mixed", "rate": 0.3},
    "class_weights": "balanced",
    "phases": [
        {"steps": 7, "train": ["head", "sentence_encoder"]},
        {"epochs": 1, "freeze": ["character_encoder/embedding"]},
    ],
}


@pytest.fixture(scope="module")
def start(tiny, tmp_path_factory):
    """`start("name", kill)` starts a training process that writes into the folder `name`."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "config.toml"
    options = {**OPTIONS, "checkpoint_seconds": 0}
    config.write_text(format_configuration(tiny(training=options)))
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork

    def start(name: str, kill: tuple | None = None):
        given = ["--config", config, "--out", folder / name]
        scope = {"kill": kill, "log": str(folder / f"{name}.log")}
        scope["arguments"] = [str(argument) for argument in given]
        process = context.Process(target=exec, args=(CHILD, scope), daemon=True)
        process.start()
        return process, folder / name

    return start


@pytest.fixture(scope="module")
def whole(start) -> Path:
    """A run that nothing interrupted."""
    process, run = start("whole")
    process.join(LIMIT)
    assert process.exitcode == 0
    return run


def evaluations(run: Path) -> list[dict]:
    """The lines of `metrics.jsonl` without the times in them."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if "second" not in k} for line in lines]


def assert_same(run: Path, whole: Path) -> None:
    assert evaluations(run) == evaluations(whole)
    for file in ("model.safetensors", "encoder/encoder.safetensors"):
        found, wanted = read_weights(run / file), read_weights(whole / file)
        assert found.keys() == wanted.keys()
        for name in wanted:
            np.testing.assert_array_equal(found[name], wanted[name])
    for file in ("calibration.json", "words.txt", "alphabet.json", "labels.json"):
        assert (run / file).read_bytes() == (whole / file).read_bytes()
    assert sorted(path.name for path in run.iterdir()) == sorted(p.name for p in whole.iterdir())


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again(start, whole):
    for place, kill in KILLS.items():
        process, run = start("killed", kill)
        process.join(LIMIT)
        assert process.exitcode == -signal.SIGKILL, place
        assert not (run / "model.safetensors").exists()
    process, run = start("killed")
    process.join(LIMIT)
    assert process.exitcode == 0
    assert [line["step"] for line in evaluations(run)] == [10, 17]
    assert_same(run, whole)


def test_ctrl_c_stops_after_the_step_and_says_how_to_go_on(start, whole):
    process, run = start("stopped")
    end = time.monotonic() + LIMIT
    while not list(run.glob("checkpoints/step-*.safetensors")):  # training has begun
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    process.join(LIMIT)
    assert process.exitcode == 130
    saved = Checkpoints(run / "checkpoints").latest().progress["step"]
    assert 0 < saved < 17
    log = run.with_name("stopped.log").read_text()
    assert f"saved after step {saved}. The same command again goes on from here." in log
    assert "Traceback" not in log and "error" not in log
    process, _ = start("stopped")
    process.join(LIMIT)
    assert f"going on after step {saved}," in run.with_name("stopped.log").read_text()
    assert_same(run, whole)
