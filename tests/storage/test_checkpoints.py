"""Checkpoints: written whole, the last two kept, a damaged one passed over."""

from __future__ import annotations

import resource
import signal

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints

TENSORS = {
    "weights/head/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "steps": np.float32(7),
}


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
    assert names(tmp_path) == ["step-0000000010.safetensors", "step-0000000011.safetensors"]
    assert checkpoints.latest().progress == {"step": 11}


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\nnot", None])
def test_a_damaged_one_is_passed_over(checkpoints, tmp_path, content):
    for step in (1, 2):
        checkpoints.save(step, TENSORS, {"step": step})
    newest = tmp_path / "checkpoints" / "step-0000000002.safetensors"
    newest.write_bytes(newest.read_bytes()[:1000] if content is None else content)
    assert checkpoints.latest().progress == {"step": 1}
    (tmp_path / "checkpoints" / "step-0000000001.safetensors").write_bytes(b"")
    with pytest.raises(
        UserError, match=r"step-0000000002.safetensors: damaged checkpoint.*--force"
    ):
        checkpoints.latest()


def test_no_space_left_keeps_the_earlier_ones(checkpoints, tmp_path):
    checkpoints.save(1, TENSORS, {"step": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(
            UserError, match=r"step-0000000002.safetensors: can't write it: .*kept: make"
        ):
            checkpoints.save(2, TENSORS, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == ["step-0000000001.safetensors"]
    assert checkpoints.latest().progress == {"step": 1}


def test_what_a_killed_process_left_goes(checkpoints, tmp_path):
    checkpoints.save(1, TENSORS, {})
    (tmp_path / "checkpoints" / ".step-0000000002.safetensors.0badcafe").write_bytes(b"half")
    checkpoints.latest()
    assert names(tmp_path) == ["step-0000000001.safetensors"]


def test_clear(checkpoints, tmp_path):
    checkpoints.clear()
    checkpoints.save(1, TENSORS, {})
    checkpoints.clear()
    assert not (tmp_path / "checkpoints").exists()
    checkpoints.save(1, TENSORS, {})
    (tmp_path / "checkpoints" / "notes").touch()
    checkpoints.clear()
    assert names(tmp_path) == ["notes"]
