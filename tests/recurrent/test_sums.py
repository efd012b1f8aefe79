"""Sums over rows, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.recurrent.sums import column_sums


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (7, 1), (500, 3), (0, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_numpy(shape, dtype):
    matrix = np.random.default_rng(0).normal(size=shape).astype(dtype)
    sums = column_sums(tf.constant(matrix))
    assert sums.dtype == dtype and sums.shape == shape[1:]
    np.testing.assert_allclose(sums, matrix.sum(0), rtol=1e-4, atol=1e-5)


def test_in_a_graph_that_does_not_know_how_many_rows():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
    def summed(matrix):
        sums = column_sums(matrix)
        assert sums.shape == (2,)
        return sums

    assert summed(np.zeros((0, 2))).numpy().tolist() == [0, 0]
    assert summed([[1.0, 2.0], [3.0, -5.0]]).numpy().tolist() == [4, -3]
