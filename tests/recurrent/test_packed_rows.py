"""Several steps in an iteration are the same steps, bounds are those of the rows, and sums."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.recurrent.packed_rows import (
    UNROLL,
    pad_to_unroll,
    slice_bounds,
    unrolled,
)


@pytest.mark.parametrize("steps", range(2 * UNROLL + 2))
def test_steps_of_no_rows_fill_whole_iterations(steps):
    sizes = np.arange(2 * steps, 0, -1, dtype=np.int32).reshape(steps, 2)
    for given in (sizes, sizes[:, 0]):
        found = pad_to_unroll(tf.constant(given)).numpy()
        assert len(found) % UNROLL == 0
        assert len(found) - steps < UNROLL
        np.testing.assert_array_equal(found[:steps], given)
        assert not found[steps:].any()


def test_an_iteration_takes_each_step_in_order():
    body = unrolled(lambda t, seen: (t + 1, (*seen, t)))
    assert body(5, ()) == (5 + UNROLL, tuple(range(5, 5 + UNROLL)))


@pytest.mark.parametrize("rank", [1, 2])
def test_slices_within_the_bounds_are_the_rows_of_each_step(rank):
    sizes = tf.constant([3, 2, 2, 0, 0], tf.int32)
    values = tf.range(7) if rank == 1 else tf.reshape(tf.range(14), [7, 2])
    begins, shapes = slice_bounds(sizes, rank)
    found = [tf.slice(values, begin, shape) for begin, shape in zip(begins, shapes, strict=True)]
    for one, other in zip(found, tf.split(values, sizes), strict=True):
        np.testing.assert_array_equal(one, other)
