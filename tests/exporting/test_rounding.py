"""Fewer bits stand for the numbers that they are said to stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.exporting.rounding import store_weights

RANDOM = np.random.default_rng(0)
WEIGHTS = {
    "head/kernel": RANDOM.normal(0, 0.3, (40, 6)).astype(np.float32),
    "head/bias": RANDOM.normal(0, 0.3, 6).astype(np.float32),
    "character_encoder/embedding": RANDOM.normal(0, 5, (9, 4)).astype(np.float32),
}


def test_float32_is_what_it_was():
    for name, weight in store_weights(WEIGHTS, "float32").items():
        np.testing.assert_array_equal(weight.values, WEIGHTS[name])
        assert weight.narrow.dtype == np.float32


@pytest.mark.parametrize(("precision", "error"), [("float16", 2**-11), ("int8", 1.2 / 254)])
def test_matrices_alone_are_rounded_and_little(precision, error):
    stored = store_weights(WEIGHTS, precision)
    np.testing.assert_array_equal(stored["head/bias"].values, WEIGHTS["head/bias"])
    for name in ("head/kernel", "character_encoder/embedding"):
        assert stored[name].stored.dtype == precision
        largest = np.abs(WEIGHTS[name]).max(0)
        difference = np.abs(stored[name].values - WEIGHTS[name])
        assert difference.max() > 0
        assert (difference <= error * largest).all()


@given(st.integers(-140, 120), st.integers(0, 1000))
def test_float16_holds_what_8_bits_mean(exponent, seed):
    """Or says that it cannot: a weights file and a graph never mean different numbers."""
    values = np.random.default_rng(seed).normal(0, 1, (5, 3)).astype(np.float32)
    values = np.ldexp(values, exponent).astype(np.float32)
    values[:, 2] = 0
    try:
        weight = store_weights({"kernel": values}, "int8")["kernel"]
    except UserError as error:
        assert "kernel" in str(error) and np.abs(values).max() > 60_000
    else:
        np.testing.assert_array_equal(weight.narrow.astype(np.float32), weight.values)
        assert (weight.values[:, 2] == 0).all()


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_what_fewer_bits_cannot_hold_is_refused(precision):
    with pytest.raises(UserError, match=r"'head/kernel' holds numbers up to 1e\+06.*float32"):
        store_weights({"head/kernel": np.full((2, 2), 1e6, np.float32)}, precision)
