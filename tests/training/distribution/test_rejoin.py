"""A worker that dies: begun again it rejoins; if it does not come back, the others stop."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.training.classification.train import train_classifier

SECONDS = 240  # for whatever a process does
EPOCHS = 20
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(trainings, tmp_path_factory) -> Path:
    """A table of labelled texts."""
    path = tmp_path_factory.mktemp("data") / "texts.tsv"
    rows = [f"{label}\t{text}" for label, text in trainings.examples(41)]
    path.write_text("\n".join(["label\ttext", *rows]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def options(data) -> dict:
    """Options of a training of 120 short steps, each of which is saved."""
    return {
        "data": {"train": (str(data),), "validation": str(data)},
        "text": {"words": "whitespace"},
        "character_encoder": {"units": 12, "embedding_dim": 6},
        "sentence_encoder": {"units": 5},
        "training": {
            "batch_size": 8,
            "epochs": EPOCHS,
            "patience": 0,
            "minimum_steps_per_epoch": 0,
            "warm_start_epochs": 0,
            "checkpoint_seconds": 0.0,
        },
    }


@pytest.fixture(scope="module")
def undisturbed(options, weights_of, tmp_path_factory) -> dict[str, np.ndarray]:
    """The weights that one process comes to."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    train_classifier(Configuration.model_validate(options), out)
    return weights_of(out)


@pytest.fixture
def command(data, options) -> list[str]:
    """What each worker is begun with, but for `--out`."""
    flags = ["-m", "hier_rnn", "train", "--train", str(data), "--validation", str(data)]
    for group in ("text", "character_encoder", "sentence_encoder", "training"):
        for name, value in options[group].items():
            flags += [f"--{group}.{name}", str(value)]
    return [*flags, "--distribute", "multi-worker", "--force"]


def wait_for_step(out: Path, step: int) -> None:
    """Returns when a checkpoint of that step or a later one is there."""
    deadline = time.monotonic() + SECONDS
    while not any(int(p.stem[5:]) >= step for p in out.glob("checkpoints/step-*.safetensors")):
        assert time.monotonic() < deadline, f"step {step} was never saved"
        time.sleep(0.05)


@pytest.mark.parametrize("victim", [0])
def test_a_worker_that_is_killed_rejoins(
    victim, command, begin, free_addresses, undisturbed, weights_of, tmp_path
):
    addresses, out = free_addresses(2), tmp_path / "run"
    files = [tmp_path / f"worker-{index}.txt" for index in range(2)]
    arguments = [*command, "--out", out, "--training.worker_timeout", "120"]
    workers = [begin(arguments, addresses, index, file) for index, file in enumerate(files)]
    wait_for_step(out, random.randint(1, 80))
    workers[victim].kill()
    workers[victim].wait(SECONDS)
    again = [flag for flag in arguments if flag != "--force"]
    workers[victim] = begin(again, addresses, victim, files[victim])
    for worker, file in zip(workers, files, strict=True):
        assert worker.wait(SECONDS) == 0, file.read_text("utf-8")
    assert "another worker is gone" in files[1 - victim].read_text("utf-8")
    found = weights_of(out)
    for name, values in undisturbed.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5, err_msg=name)
    rows = (out / "metrics.jsonl").read_text("utf-8").splitlines()
    assert len(rows) == EPOCHS


def test_a_worker_that_goes_while_all_connect(
    command, begin, free_addresses, undisturbed, weights_of, tmp_path
):
    addresses, out = free_addresses(2), tmp_path / "run"
    files = [tmp_path / f"worker-{index}.txt" for index in range(2)]
    arguments = [*command, "--out", out, "--training.worker_timeout", "40"]
    there = (
        "from hier_rnn.training.distribution.cluster import read_cluster\n"
        "from hier_rnn.training.distribution.gathering import gather\n"
        "gather(read_cluster(), 100)"
    )
    chief = begin(arguments, addresses, 0, files[0])
    assert begin(["-c", there], addresses, 1, files[1]).wait(SECONDS) == 0
    worker = begin(arguments, addresses, 1, files[1])
    for process, file in zip((chief, worker), files, strict=True):
        assert process.wait(SECONDS) == 0, file.read_text("utf-8")
    assert "another worker is gone" in files[0].read_text("utf-8")
    found = weights_of(out)
    for name, values in undisturbed.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("victim", [1])
def test_the_others_stop_if_it_does_not_come_back(victim, command, begin, free_addresses, tmp_path):
    addresses, out = free_addresses(2), tmp_path / "run"
    files = [tmp_path / f"worker-{index}.txt" for index in range(2)]
    arguments = [*command, "--out", out, "--training.worker_timeout", "10"]
    workers = [begin(arguments, addresses, index, file) for index, file in enumerate(files)]
    wait_for_step(out, 10)
    [trains] = psutil.Process(workers[victim].pid).children()
    workers[victim].kill()
    trains.wait(SECONDS)  # it does not outlive the process that watches it
    assert workers[1 - victim].wait(SECONDS) == 2
    said = files[1 - victim].read_text("utf-8")
    assert f"worker {victim} ({addresses[victim]}) did not come within 10 seconds" in said
    assert "go on from the last checkpoint" in said
    assert list(out.glob("checkpoints/step-*.safetensors"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_worker_and_what_it_watches(
    number, command, begin, free_addresses, tmp_path
):
    addresses, file = free_addresses(2), tmp_path / "chief.txt"
    arguments = [*command, "--out", tmp_path / "run", "--training.worker_timeout", "300"]
    chief = begin(arguments, addresses, 0, file)
    host, port = addresses[0].split(":")
    deadline = time.monotonic() + SECONDS
    while True:  # until it waits for the other worker
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            break
        assert time.monotonic() < deadline and chief.poll() is None
        time.sleep(0.1)
    [trains] = psutil.Process(chief.pid).children()
    chief.send_signal(number)
    assert chief.wait(SECONDS) == 130 and not trains.is_running()
    assert "interrupted" in file.read_text("utf-8")
