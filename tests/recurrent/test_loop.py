"""Several steps in a turn are the same steps, and bounds are those of the rows."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.recurrent.loop import STEPS, bounds, turn, whole_turns


@pytest.mark.parametrize("steps", range(2 * STEPS + 2))
def test_steps_of_no_rows_make_turns_come_out_even(steps):
    sizes = np.arange(2 * steps, 0, -1, dtype=np.int32).reshape(steps, 2)
    for given in (sizes, sizes[:, 0]):
        found = whole_turns(tf.constant(given)).numpy()
        assert len(found) % STEPS == 0
        assert len(found) - steps < STEPS
        np.testing.assert_array_equal(found[:steps], given)
        assert not found[steps:].any()


def test_a_turn_takes_each_step_in_order():
    body = turn(lambda t, seen: (t + 1, (*seen, t)))
    assert body(5, ()) == (5 + STEPS, tuple(range(5, 5 + STEPS)))


@pytest.mark.parametrize("rank", [1, 2])
def test_slices_within_the_bounds_are_the_rows_of_each_step(rank):
    sizes = tf.constant([3, 2, 2, 0, 0], tf.int32)
    values = tf.range(7) if rank == 1 else tf.reshape(tf.range(14), [7, 2])
    begins, shapes = bounds(sizes, rank)
    found = [tf.slice(values, begin, shape) for begin, shape in zip(begins, shapes, strict=True)]
    for one, other in zip(found, tf.split(values, sizes), strict=True):
        np.testing.assert_array_equal(one, other)
