"""From logits to probabilities, in double precision."""

from __future__ import annotations

import numpy as np


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns class probabilities, `(..., classes)`.

    Args:
        logits: Unnormalized log-probabilities, `(..., classes)`.
        temperature: What logits are divided by. Default 1.
    """
    values: np.ndarray = np.exp(_below_zero(logits, temperature))
    values /= values.sum(axis=-1, keepdims=True)
    return values


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Returns the logarithms of the class probabilities, `(..., classes)`.

    Args:
        logits: Unnormalized log-probabilities, `(..., classes)`.
        temperature: What logits are divided by. Default 1.
    """
    scaled = _below_zero(logits, temperature)
    scaled -= np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
    return scaled


def _below_zero(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The largest logit becomes 0, so that no exponential overflows."""
    scaled: np.ndarray = logits.astype(np.float64)
    scaled /= temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    return scaled
