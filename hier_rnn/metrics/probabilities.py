"""From logits to probabilities, in double precision."""

from __future__ import annotations

import numpy as np


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns class probabilities, `(..., classes)`.

    Args:
        logits: Unnormalized log-probabilities, `(..., classes)`.
        temperature: What logits are divided by. Default 1.
    """
    exponentials = np.exp(_below_zero(logits, temperature))
    total: np.ndarray = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / total


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns the logarithms of the class probabilities, `(..., classes)`.

    Args:
        logits: Unnormalized log-probabilities, `(..., classes)`.
        temperature: What logits are divided by. Default 1.
    """
    scaled = _below_zero(logits, temperature)
    total: np.ndarray = np.exp(scaled).sum(axis=-1, keepdims=True)
    return scaled - np.log(total)


def _below_zero(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The largest logit becomes 0, so that no exponential overflows."""
    scaled = logits.astype(np.float64) / temperature
    largest: np.ndarray = scaled.max(axis=-1, keepdims=True)
    return scaled - largest
