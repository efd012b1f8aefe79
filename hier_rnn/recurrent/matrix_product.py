"""The matrix product of rounded numbers: products are what a recurrence spends its time on."""

from __future__ import annotations

import tensorflow as tf


def rounded(values: tf.Tensor, precision: tf.DType | None) -> tf.Tensor:
    """Returns values in a type of fewer bits.

    Args:
        values: Of any shape.
        precision: The type. None: they stay as they are.
    """
    return values if precision is None else tf.cast(values, precision)


def product(a: tf.Tensor, b: tf.Tensor, dtype: tf.DType, transpose_a: bool = False) -> tf.Tensor:
    """Returns the product of two matrices, which may be rounded, in a type of more bits.

    Sums are in float32, and rounded once more at their end (Micikevicius et al. 2018,
    https://arxiv.org/abs/1710.03740).

    Args:
        a: `(rows, inner)`, or `(inner, rows)` to transpose.
        b: `(inner, columns)`, of the same type.
        dtype: Of the result.
        transpose_a: Whether to transpose `a`. Default False.
    """
    return tf.cast(tf.matmul(a, b, transpose_a=transpose_a), dtype)
