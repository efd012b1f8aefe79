"""Checkpoints: written whole, the last two kept, a damaged one passed over."""

from __future__ import annotations

import dataclasses
import logging
import resource
import shutil
import signal
from itertools import islice

import numpy as np
import pytest
import safetensors.numpy

from benchmarks.damages import damages
from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints, read_progress
from hier_rnn.storage.weights.archive import read_archive, write_archive
from hier_rnn.training.state import TrainerState

TENSORS = {
    "weights/head/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "steps": np.float32(7),
}
FIRST, SECOND = "step-0000000001.safetensors", "step-0000000002.safetensors"


@pytest.fixture
def checkpoints(tmp_path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


def names(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "checkpoints").iterdir())


def test_what_was_saved_comes_back_exactly(checkpoints):
    assert checkpoints.latest() is None
    progress = {"seconds": 0.1 + 0.2, "best": -float("inf"), "metrics": [{"step": 3}] * 5000}
    checkpoints.save(3, TENSORS, progress)
    found = checkpoints.latest()
    assert found.progress == progress
    assert set(found.tensors) == set(TENSORS)
    for name, values in TENSORS.items():
        np.testing.assert_array_equal(found.tensors[name], values)
        assert found.tensors[name].dtype == np.float32


def test_the_last_two_are_kept(checkpoints, tmp_path):
    for step in (8, 9, 10, 11):
        checkpoints.save(step, TENSORS, {"step": step})
    assert names(tmp_path) == [f"step-00000000{step}.safetensors" for step in (10, 11)]
    assert checkpoints.latest().progress == {"step": 11}


def test_a_damaged_one_is_passed_over(checkpoints, tmp_path, caplog):
    for step in (1, 2):
        checkpoints.save(step, TENSORS, {"step": step})
    newest = tmp_path / "checkpoints" / SECOND
    kept = newest.read_bytes()
    for damage in islice(damages(seed=3), 150):
        damage.do(newest)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "hier_rnn"):
            found = checkpoints.latest()
        if found.progress == {"step": 2}:  # white space of the header, which nobody reads
            assert all((found.tensors[name] == TENSORS[name]).all() for name in TENSORS)
        else:
            assert found.progress == {"step": 1}
            assert damage.name == "deleted" or SECOND in caplog.text
        shutil.rmtree(newest) if newest.is_dir() and not newest.is_symlink() else (
            newest.unlink(missing_ok=True)
        )
        newest.write_bytes(kept)


def test_both_damaged(checkpoints, tmp_path):
    for step in (1, 2):
        checkpoints.save(step, TENSORS, {"step": step})
        (tmp_path / "checkpoints" / f"step-000000000{step}.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=rf"damaged checkpoint: .*{SECOND}.*no other.*force=True"):
        checkpoints.latest()


def test_those_of_an_earlier_version_are_not_ignored(checkpoints, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-0000000007.h5").touch()
    with pytest.raises(UserError, match=r"step-0000000007.h5: .*earlier version.*force=True"):
        checkpoints.latest()


def test_no_space_left_keeps_the_earlier_ones(checkpoints, tmp_path):
    checkpoints.save(1, TENSORS, {"step": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        with pytest.raises(UserError, match=rf"{SECOND}: can't write it: .*kept: make"):
            checkpoints.save(2, TENSORS, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == [FIRST]
    assert checkpoints.latest().progress == {"step": 1}


def test_clear(checkpoints, tmp_path):
    checkpoints.clear()
    checkpoints.save(1, TENSORS, {})
    checkpoints.clear()
    assert not (tmp_path / "checkpoints").exists()
    checkpoints.save(1, TENSORS, {})
    (tmp_path / "checkpoints" / "notes").touch()
    checkpoints.clear()
    assert names(tmp_path) == ["notes"]


@pytest.mark.parametrize("values", [[], 3, "text", None])
def test_a_progress_that_is_no_table(checkpoints, tmp_path, values):
    write_archive(tmp_path / "checkpoints" / FIRST, TENSORS, values)
    with pytest.raises(UserError, match="its progress is no table"):
        checkpoints.latest()


PROGRESS = dataclasses.asdict(TrainerState(step=7, epoch=1, metrics=[{"epoch": 1, "loss": 0.5}]))


def test_progress_comes_back(tmp_path):
    assert dataclasses.asdict(read_progress(TrainerState, PROGRESS, tmp_path)) == PROGRESS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, "lacks or adds more"),
        ({"step": None}, "step in its progress is None"),
        ({"step": "7"}, "step in its"),
        ({"step": 7.0}, "step in its"),
        ({"step": -1}, "step in its"),
        ({"step": True}, "step in its"),
        ({"step": 10**400}, "step in its"),
        ({"loss": "0"}, "loss in its"),
        ({"loss": float("nan")}, "loss in its"),
        ({"loss": 10**400}, "loss in its"),
        ({"metrics": 3}, "metrics in its"),
        ({"metrics": [3]}, "metrics in its"),
        ({"metrics": [{"epoch": "1"}]}, "metrics in its"),
        ({"metrics": [{"epoch": [1]}]}, "metrics in its"),
    ],
)
def test_progress_is_checked_field_by_field(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        read_progress(TrainerState, PROGRESS | change, tmp_path / "x")
    fewer = {name: value for name, value in PROGRESS.items() if name not in change}
    if fewer.keys() < PROGRESS.keys():
        with pytest.raises(UserError, match="lacks or adds"):
            read_progress(TrainerState, fewer, tmp_path / "x")


def test_an_archive_from_elsewhere(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"a": np.ones(2)}, path)
    with pytest.raises(UserError, match="not what was written here"):
        read_archive(path)
    write_archive(path, {"a": np.array([1, np.nan])}, {})
    with pytest.raises(UserError, match="weight 'a': 1 of 2 values are not finite"):
        read_archive(path)
    write_archive(path, {"a": np.ones(2, np.complex64)}, {})
    with pytest.raises(UserError, match="not of numbers"):
        read_archive(path)
