"""Sums of rows, against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.recurrent.sums import column_sums, sorted_segment_sum, sums_by_row


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (7, 1), (500, 3), (0, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_column_sums_are_numpy_s(shape, dtype):
    matrix = np.random.default_rng(0).normal(size=shape).astype(dtype)
    sums = column_sums(tf.constant(matrix))
    assert sums.dtype == dtype and sums.shape == shape[1:]
    np.testing.assert_allclose(sums, matrix.sum(0), rtol=1e-4, atol=1e-5)


def test_column_sums_in_a_graph_that_does_not_know_how_many_rows():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
    def summed(matrix):
        sums = column_sums(matrix)
        assert sums.shape == (2,)
        return sums

    assert summed(np.zeros((0, 2))).numpy().tolist() == [0, 0]
    assert summed([[1.0, 2.0], [3.0, -5.0]]).numpy().tolist() == [4, -3]


CASES = [  # rows, segments that may have some
    (0, 0),
    (0, 3),
    (1, 1),
    (5, 9),
    (400, 7),
]


def summed(values, segments, count):
    sums = np.zeros((count, values.shape[1]), values.dtype)
    np.add.at(sums, segments, values)
    return sums


@pytest.mark.parametrize(("rows", "count"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_segments_also_those_without_a_row_at_the_end(rows, count, dtype):
    generator = np.random.default_rng(rows)
    values = generator.normal(size=(rows, 3)).astype(dtype)
    segments = np.sort(generator.integers(0, max(1, count), rows)).astype(np.int32)
    sums = sorted_segment_sum(tf.constant(values), tf.constant(segments), tf.constant(count))
    assert sums.dtype == dtype
    np.testing.assert_allclose(sums, summed(values, segments, count), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("rows", "count"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_in_any_order(rows, count, dtype):
    generator = np.random.default_rng(rows)
    tables = [generator.normal(size=(rows, width)).astype(dtype) for width in (1, 4)]
    read = generator.integers(0, max(1, count), rows).astype(np.int32)
    found = sums_by_row(list(map(tf.constant, tables)), tf.constant(read), tf.constant(count))
    for values, sums in zip(tables, found, strict=True):
        assert sums.dtype == dtype
        np.testing.assert_allclose(sums, summed(values, read, count), rtol=1e-4, atol=1e-5)
