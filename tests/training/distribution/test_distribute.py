"""Several workers, or several devices of one, come to the weights of one process."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SECONDS = 400  # for all trainings of one process
NAMES = (
    "plain",
    "dropped",
    "word_vectors",
    "next_character",
    "sentence_vectors",
)
THREE = ("sentence_vectors",)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def alone(trainings, weights_of, tmp_path_factory):
    """Returns the weights of a training in one process."""
    folder = tmp_path_factory.mktemp("alone")

    @functools.cache
    def train(name: str) -> dict[str, np.ndarray]:
        trainings.TRAININGS[name](folder / name, "none")
        return weights_of(folder / name)

    return train


@pytest.fixture(scope="module")
def together(begin, free_addresses, program, tmp_path_factory):
    """Returns the folder in which so many workers have trained: two all, three one of them."""

    @functools.cache
    def train(count: int) -> Path:
        folder, addresses = tmp_path_factory.mktemp("together"), free_addresses(count)
        files = [folder / f"worker-{index}.txt" for index in range(count)]
        command = [program, "multi-worker", folder, *(NAMES if count == 2 else THREE)]
        workers = [begin(command, addresses, i, file) for i, file in enumerate(files)]
        for worker, file in zip(workers, files, strict=True):
            assert worker.wait(SECONDS) == 0, file.read_text("utf-8")
        return folder

    return train


@pytest.fixture(scope="module")
def mirrored(program, tmp_path_factory) -> Path:
    """The folder in which two devices of one process have trained."""
    folder = tmp_path_factory.mktemp("mirrored")
    command = [sys.executable, str(program), "mirrored", str(folder), "plain"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return folder


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5, err_msg=name)


# One test for all that train in the same processes: pytest's workers would else train it all again.
def test_two_workers_come_to_the_weights_of_one_process(alone, together, weights_of):
    folder = together(2)
    for name in NAMES:
        assert_same(weights_of(folder / name), alone(name))
    # The chief alone writes.
    assert sorted(os.listdir(folder)) == sorted(
        [*NAMES, "texts.txt", "targets.npy", "worker-0.txt", "worker-1.txt"]
    )
    assert len((folder / "plain" / "metrics.jsonl").read_text("utf-8").splitlines()) == 2


def test_three_workers_come_to_the_weights_of_one_process(alone, together, weights_of):
    for name in THREE:
        assert_same(weights_of(together(3) / name), alone(name))


def test_devices_come_to_the_weights_of_one(alone, mirrored, weights_of):
    assert_same(weights_of(mirrored / "plain"), alone("plain"))
