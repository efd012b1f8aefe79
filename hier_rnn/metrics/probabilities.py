"""From logits to logarithms of probabilities, in double precision."""

from __future__ import annotations

import numpy as np


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns the logarithms of the class probabilities, `(..., classes)`.

    Args:
        logits: Unnormalized log-probabilities, `(..., classes)`.
        temperature: What logits are divided by. Default 1.
    """
    scaled: np.ndarray = logits.astype(np.float64)
    scaled /= temperature
    scaled -= scaled.max(axis=-1, keepdims=True)  # so that no exponential overflows
    scaled -= np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
    return scaled
