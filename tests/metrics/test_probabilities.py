from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from hier_rnn.metrics.probabilities import log_probabilities


@pytest.mark.parametrize("shape", [(5,), (4, 3)])
def test_they_are_scipys_softmax(shape):
    logits = np.random.default_rng(0).normal(scale=30, size=shape).astype(np.float32)
    expected = log_softmax(logits.astype(np.float64) / 2.5, axis=-1)
    found = log_probabilities(logits, 2.5)
    assert found == pytest.approx(expected)
    assert found.dtype == np.float64


def test_huge_logits_overflow_nothing():
    assert np.exp(log_probabilities(np.array([1e30, 0.0]))).tolist() == [1, 0]
