"""Weights on disk."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.weights_file import read_weights, write_weights

WEIGHTS = {
    "head/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "head/bias": np.zeros(3, np.float32),
    "character_encoder/gru_0/kernel": np.full((1, 2), np.float32(0.1)),
}


def test_they_come_back_by_name(tmp_path):
    path = tmp_path / "new" / "w.h5"
    write_weights(path, WEIGHTS)
    found = read_weights(path)
    assert found.keys() == WEIGHTS.keys()
    for name, values in WEIGHTS.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == np.float32


def test_a_data_set_a_weight_under_its_name(tmp_path):
    write_weights(tmp_path / "w.h5", WEIGHTS)
    with h5py.File(tmp_path / "w.h5") as file:
        assert file["character_encoder/gru_0/kernel"].shape == (1, 2)


def test_writing_replaces_the_whole_file(tmp_path):
    write_weights(tmp_path / "w.h5", WEIGHTS)
    write_weights(tmp_path / "w.h5", {"head/bias": np.ones(3)})
    assert list(read_weights(tmp_path / "w.h5")) == ["head/bias"]


def test_unwritable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't write it"):
        write_weights(tmp_path / "file" / "w.h5", WEIGHTS)


@pytest.mark.parametrize("content", [None, b"", b"not HDF5", "half"])
def test_missing_or_damaged(tmp_path, content):
    path = tmp_path / "w.h5"
    write_weights(path, WEIGHTS)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:700] if content == "half" else content)
    with pytest.raises(UserError, match=r"w.h5: can't read the weights"):
        read_weights(path)
