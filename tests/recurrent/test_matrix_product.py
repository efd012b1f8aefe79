"""Products of rounded factors."""

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.recurrent.matrix_product import product, rounded


@pytest.fixture
def factors():
    generator = np.random.default_rng(0)
    return generator.normal(size=(70, 300)), generator.normal(size=(300, 40))


def test_nothing_is_rounded_by_default(factors):
    a, b = (rounded(tf.constant(factor), None) for factor in factors)
    assert np.array_equal(product(a, b, tf.float64), tf.matmul(*factors))


@pytest.mark.parametrize("transposed", [False, True])
def test_rounded_factors(factors, transposed):
    a, b = (tf.constant(factor, tf.float32) for factor in factors)
    given = tf.transpose(a) if transposed else a
    given, b = rounded(given, tf.bfloat16), rounded(b, tf.bfloat16)
    found = product(given, b, tf.float32, transpose_a=transposed)
    assert found.dtype == tf.float32
    expected = factors[0] @ factors[1]
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert 1e-5 < error < 2e-2
