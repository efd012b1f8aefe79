"""Sums of rows that take several times less than TensorFlow's operation for each."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def column_sums(matrix: tf.Tensor) -> tf.Tensor:
    """Returns the sum of each column, `(columns,)`, by a matrix product.

    Args:
        matrix: `(rows, columns)`.
    """
    return tf.linalg.matvec(matrix, tf.ones_like(matrix[:, 0]), transpose_a=True)


def sorted_segment_sum(values: tf.Tensor, segments: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Returns the sum of each segment's rows, `(count, columns)`.

    Args:
        values: `(rows, columns)`.
        segments: The segment of each row, rising, int32 `(rows,)`.
        count: How many segments there are, int32 `()`.
    """
    sums = tf.math.segment_sum(values, segments)  # up to the last one that has a row
    return tf.pad(sums, [[0, count - tf.shape(sums)[0]], [0, 0]])


def sums_by_row(values: Sequence[tf.Tensor], rows: tf.Tensor, count: tf.Tensor) -> list[tf.Tensor]:
    """Returns the sums of the values that were gathered from each row, `(count, columns)` each.

    Args:
        values: Several tensors `(places, columns)`.
        rows: From which row each place was gathered, int32 `(places,)`, in any order.
        count: How many rows there are, int32 `()`.
    """
    order = tf.argsort(rows, stable=True)
    segments = tf.gather(rows, order)
    return [tf.sparse.segment_sum(each, order, segments, num_segments=count) for each in values]
