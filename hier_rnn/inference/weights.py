"""Weights as inference needs them: all there, of the right shapes, float32 and finite."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.model.weight_specs import Shapes, check_weights
from hier_rnn.runs.weights_file import read_weights


def finite_weights(path: Path, shapes: Shapes) -> dict[str, np.ndarray]:
    """Returns the weights of a file by name.

    Args:
        path: The file.
        shapes: What the model has.

    Raises:
        UserError: The file can't be read, or a weight is missing, has another shape or holds
            numbers that are not finite.
    """
    weights = read_weights(path)
    check_weights(path, weights, shapes)
    checked = {name: np.asarray(weights[name], np.float32) for name in shapes}
    for name, values in checked.items():
        if not np.isfinite(values).all():
            raise UserError(
                f"{path}: damaged: '{name}' holds numbers that are not finite, and no answer could"
                " be trusted."
            )
    return checked
