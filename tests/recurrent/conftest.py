"""Dropout masks that a test can see, and what tells how far a tensor is from another."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf


class KnownRng:
    """Stands in for `DropoutRng`: the masks are drawn at once in float64, and kept."""

    def __init__(self, seed=0):
        self._random = np.random.default_rng(seed)
        self.masks = []

    def mask(self, shape, rate):
        kept = self._random.random([int(size) for size in shape]) >= rate
        self.masks.append(kept / (1 - rate))
        return tf.constant(self.masks[-1])

    mask_by_rank = mask  # a whole batch is drawn as it stands


@pytest.fixture
def known_rng():
    return KnownRng()


def relative_error(found, expected):
    found, expected = (np.asarray(tf.convert_to_tensor(x), np.float64) for x in (found, expected))
    assert found.shape == expected.shape
    if not expected.size:
        return 0.0
    return np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-3)


@pytest.fixture(scope="session")
def distance():
    """Largest difference over the largest value expected."""
    return relative_error


def differences(loss, parameters, step=1e-6):
    """Central finite differences of a function of a dict of float64 arrays."""
    gradients = {}
    for name, values in parameters.items():
        gradient = np.zeros_like(values)
        for index in np.ndindex(values.shape):
            here = values[index]
            values[index] = here + step
            above = loss(parameters)
            values[index] = here - step
            below = loss(parameters)
            values[index] = here
            gradient[index] = (above - below) / (2 * step)
        gradients[name] = gradient
    return gradients


@pytest.fixture(scope="session")
def finite_differences():
    return differences
