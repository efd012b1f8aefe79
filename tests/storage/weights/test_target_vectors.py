"""Vectors of texts in files of three kinds, read row by row."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import safetensors.numpy

from hier_rnn.errors import UserError
from hier_rnn.storage.weights import target_vectors
from hier_rnn.storage.weights.target_vectors import open_target_vectors

VECTORS = np.random.default_rng(0).normal(size=(7, 3))
UNIT = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)


def write(path, vectors):
    if path.suffix == ".npy":
        np.save(path, vectors)
    elif path.suffix == ".safetensors":
        safetensors.numpy.save_file({"vectors": np.ascontiguousarray(vectors)}, path)
    else:
        with h5py.File(path, "w") as file:
            file["group/vectors"] = vectors
    return path


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".h5", ".hdf5"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_rows_in_any_order_of_length_one(tmp_path, ending, kind, monkeypatch):
    found = open_target_vectors(write(tmp_path / f"vectors{ending}", VECTORS.astype(kind)))
    assert found.shape == (7, 3)
    rows = found.rows(np.array([5, 0, 5, 6]))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, UNIT[[5, 0, 5, 6]], atol=2e-3 if kind is np.float16 else 1e-6)
    whole = found.check()
    monkeypatch.setattr(target_vectors, "ROWS_AT_ONCE", 2)
    assert found.check() == whole  # in parts as at once
    other = VECTORS.astype(kind)
    other[3, 1] += 1
    write(tmp_path / f"other{ending}", other)
    assert open_target_vectors(tmp_path / f"other{ending}").check() != whole


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, r"vector 4 has numbers that are not finite"),
        (np.inf, r"vector 4 has numbers that are not finite"),
        (0.0, r"vector 4 is zero throughout"),
    ],
)
def test_a_vector_that_nobody_can_learn(tmp_path, value, message):
    vectors = VECTORS.copy()
    vectors[3] = value
    with pytest.raises(UserError, match=message):
        open_target_vectors(write(tmp_path / "vectors.npy", vectors)).check()


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones(4), r"shape \(4,\)\. Accepted: floats of shape \(texts, dimensions\)"),
        (np.ones((3, 2), int), r"holds int64 numbers"),
        (np.ones((0, 2)), r"shape \(0, 2\)"),
    ],
)
def test_something_else(tmp_path, vectors, message):
    with pytest.raises(UserError, match=message):
        open_target_vectors(write(tmp_path / "vectors.npy", vectors))


def test_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "vectors.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(UserError, match=r"can't read it"):
        open_target_vectors(tmp_path / "vectors.npy")


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".h5"])
def test_cut_short(tmp_path, ending):
    path = write(tmp_path / f"vectors{ending}", np.ones((400, 30), np.float32))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UserError, match=r"vectors.*(can't read it|damaged)"):
        open_target_vectors(path).check()
    path.write_bytes(b"")
    with pytest.raises(UserError, match=r"vectors.*(can't read it|damaged)"):
        open_target_vectors(path)


def test_damaged_within(tmp_path):
    path = tmp_path / "vectors.h5"
    with h5py.File(path, "w") as file:
        chunked = file.create_dataset("vectors", data=VECTORS, chunks=True, fletcher32=True)
        place = chunked.id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"vectors.h5: can't read vectors 1 and following: "):
        open_target_vectors(path).check()


def test_several_arrays_and_other_files(tmp_path):
    safetensors.numpy.save_file({"a": VECTORS, "b": VECTORS}, tmp_path / "two.safetensors")
    with pytest.raises(UserError, match=r"holds 2 arrays\. Accepted: one"):
        open_target_vectors(tmp_path / "two.safetensors")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["vectors"] = h5py.ExternalLink("two.h5", "vectors")
    with pytest.raises(UserError, match=r"holds 0 arrays"):
        open_target_vectors(tmp_path / "link.h5")
    with pytest.raises(UserError, match=r"none.npy: no such file"):
        open_target_vectors(tmp_path / "none.npy")
    with pytest.raises(UserError, match=r"unknown ending '.txt'\. Accepted: FILE.npy"):
        open_target_vectors(tmp_path / "vectors.txt")
    with pytest.raises(UserError, match=r"can't read it: Is a directory"):
        (tmp_path / "folder.npy").mkdir()
        open_target_vectors(tmp_path / "folder.npy")
