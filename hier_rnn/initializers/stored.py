"""Weights of a run or encoder directory, by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.runs.weights_file import read_weights

FILES = ("model.weights.h5", "encoder.weights.h5")


def weights_file(directory: str | Path) -> Path:
    """Returns the weights file of a run or encoder directory.

    Raises:
        UserError: The directory has none.
    """
    directory = Path(directory)
    for name in FILES:
        if (directory / name).is_file():
            return directory / name
    what = "holds neither" if directory.is_dir() else "is no directory with"
    raise UserError(
        f"{directory}: {what} {' nor '.join(FILES)}: it is not the directory of a run or encoder."
    )


def stored_weights(directory: str | Path) -> dict[str, np.ndarray]:
    """Returns all weights of a run or encoder directory by name.

    Raises:
        UserError: No weights file, or a damaged one.
    """
    return read_weights(weights_file(directory))


def stored_weight(directory: str | Path, name: str) -> np.ndarray:
    """Returns one weight of a run or encoder directory.

    Raises:
        UserError: No weights file, a damaged one, or no such weight in it.
    """
    weights = stored_weights(directory)
    if name not in weights:
        raise UserError(
            f"{weights_file(directory)}: has no weight '{name}'.{nearest(name, weights)}"
            f" It has: {', '.join(weights)}."
        )
    return weights[name]
