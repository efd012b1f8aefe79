"""What counting found, kept in a file so that a resumed run learns from exactly the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from hier_rnn.files import write_atomically

Prepared = TypeVar("Prepared", bound=NamedTuple)


def save_prepared(path: Path, values: NamedTuple) -> None:
    """Writes the fields of a named tuple: arrays as arrays, everything else as JSON.

    Args:
        path: An `.npz` file, which holds no pickles.
        values: The named tuple.
    """
    arrays = {
        name: value if isinstance(value, np.ndarray) else _packed(value)
        for name, value in values._asdict().items()
    }
    with write_atomically(path, "wb") as file:
        np.savez(file, **arrays)


def load_prepared(path: Path, kind: type[Prepared]) -> Prepared:
    """Returns what `save_prepared` wrote.

    Args:
        path: The file.
        kind: The named tuple's type.
    """
    with np.load(path, allow_pickle=False) as file:
        return kind(**{name: _unpacked(file[name]) for name in kind._fields})


def _packed(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _unpacked(array: np.ndarray) -> object:
    return json.loads(array.tobytes()) if array.dtype == np.uint8 else array
