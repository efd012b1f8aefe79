from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from hier_rnn.metrics.intervals import wilson_interval


def test_ends_are_those_of_scipy():
    trials = np.array([1, 5, 40, 40, 1000])
    hits = np.array([1, 0, 13, 40, 999])
    low, high = wilson_interval(hits, trials)
    for i in range(len(trials)):
        expected = binomtest(int(hits[i]), int(trials[i])).proportion_ci(method="wilson")
        assert (low[i], high[i]) == pytest.approx((expected.low, expected.high))


def test_without_trials_nothing_is_known():
    low, high = wilson_interval(np.array([0]), np.array([0]))
    assert (low[0], high[0]) == (0, 1)
