"""Named tuples of arrays and JSON values, kept in a file with a checksum."""

from __future__ import annotations

import shutil
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pytest

from benchmarks.damages import damages
from hier_rnn.errors import UserError
from hier_rnn.storage.weights.archive import read_tuple, write_tuple


class Counted(NamedTuple):
    words: list[str]
    counts: np.ndarray
    vectors: np.ndarray
    facts: dict[str, Any]


class Other(NamedTuple):
    words: list[str]


COUNTED = Counted(
    ["a", "žluť", ""],
    np.array([3, 2, 1]),
    np.array([[0.5, 1], [2, 3]], np.float32)[:, ::-1],  # not contiguous
    {"share": 0.1 + 0.2},
)


def same(one: Counted, other: Counted) -> bool:
    return (
        one.words == other.words
        and one.facts == other.facts
        and np.array_equal(one.counts, other.counts)
        and np.array_equal(one.vectors, other.vectors)
        and one.counts.dtype == other.counts.dtype
    )


def test_it_comes_back(tmp_path):
    write_tuple(tmp_path / "new" / "x.safetensors", COUNTED)
    assert same(read_tuple(tmp_path / "new" / "x.safetensors", Counted), COUNTED)


def test_another_kind(tmp_path):
    write_tuple(tmp_path / "x", Other(["a"]))
    with pytest.raises(UserError, match="x: damaged: it holds no Counted"):
        read_tuple(tmp_path / "x", Counted)


def test_no_damage_is_missed(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tuple(path, COUNTED)
    kept = path.read_bytes()
    for damage in islice(damages(seed=4), 200):
        damage.do(path)
        try:
            assert same(read_tuple(path, Counted), COUNTED)
        except UserError as error:
            assert str(path) in str(error)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(True)
        path.write_bytes(kept)
