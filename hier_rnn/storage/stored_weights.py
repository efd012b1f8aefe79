"""The weights of a run or encoder directory, whichever it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory


def find_directory(path: str | Path, verify: bool = True) -> RunDirectory | EncoderDirectory:
    """Returns the run or encoder directory that a path is.

    Args:
        path: The directory.
        verify: As for every directory. Default True.

    Raises:
        UserError: It is neither, or not finished.
    """
    path = Path(path)
    for directory in (RunDirectory(path, verify), EncoderDirectory(path, verify)):
        if directory.weights.exists() or directory.old_weights.exists():
            directory.require()
            return directory
    what = "holds neither" if path.is_dir() else "is no directory with"
    raise UserError(
        f"{path}: {what} {RunDirectory.weights_name} nor {EncoderDirectory.weights_name}: it is"
        " not the directory of a run or encoder."
    )


def stored_weight(directory: RunDirectory | EncoderDirectory, name: str) -> np.ndarray:
    """Returns one weight of a run or encoder directory.

    Raises:
        UserError: A damaged weights file, or no such weight in it.
    """
    weights = directory.read_weights()
    if name not in weights:
        raise UserError(
            f"{directory.weights}: has no weight '{name}'.{nearest(name, weights)}"
            f" It has: {', '.join(weights)}."
        )
    return weights[name]
