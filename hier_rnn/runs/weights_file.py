"""Weights on disk: an HDF5 file with one data set a weight, its path the weight's name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically


def write_weights(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Writes weights by name, whole or not at all.

    Args:
        path: The file.
        weights: Values by weight name.

    Raises:
        UserError: The file can't be written.
    """
    # HDF5 does not survive an error while it writes (no space left), so it writes into memory.
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as target:
        for name, values in weights.items():
            target[name] = values
    with write_atomically(path, "wb") as file:
        file.write(buffer.getbuffer())


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Returns the weights of a file by name.

    Args:
        path: The file.

    Raises:
        UserError: The file is missing or damaged.
    """
    weights: dict[str, np.ndarray] = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            weights[name] = item[()]

    try:
        with h5py.File(path) as file:
            file.visititems(keep)
    except (OSError, RuntimeError, KeyError) as error:
        raise UserError(f"{path}: can't read the weights: {error}.") from None
    return weights
