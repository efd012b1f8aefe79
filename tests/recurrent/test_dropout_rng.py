"""Dropout masks: decided by the seed, a stream of its own for each draw."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.packing.share import Places
from hier_rnn.recurrent.dropout_rng import DropoutRng


def rng(run=0, step=0):
    return DropoutRng(tf.constant([run, step]))


def test_a_seed_repeats_its_draws():
    one, other = rng(3, 4), rng(3, 4)
    for _ in range(3):
        np.testing.assert_array_equal(one.uniform([5, 2]), other.uniform([5, 2]))


def test_each_draw_each_run_and_each_step_differs():
    first = rng(3, 4)
    draws = [first.uniform([50]), first.uniform([50])]
    draws += [rng(3, 5).uniform([50]), rng(4, 4).uniform([50]), rng(4, 3).uniform([50])]
    assert len({draw.numpy().tobytes() for draw in draws}) == len(draws)


def test_the_seed_may_be_a_tensor_of_a_graph():
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def drawn(step):
        return DropoutRng(tf.stack([3, step])).uniform([20])

    np.testing.assert_array_equal(drawn(4), rng(3, 4).uniform([20]))
    assert (drawn(4).numpy() != drawn(5).numpy()).any()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_mask_keeps_the_mean(rate):
    mask = rng().mask([100, 400], rate).numpy()
    np.testing.assert_allclose(np.unique(mask), [0, 1 / (1 - rate)], rtol=1e-6)
    assert (mask == 0).mean() == pytest.approx(rate, abs=0.01)


def test_dropout():
    values = tf.constant(np.arange(1, 1001, dtype=np.float32).reshape(10, 100))
    dropped = rng().dropout(values, 0.3).numpy()
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], values.numpy()[kept] / 0.7, rtol=1e-6)
    assert 0.6 < kept.mean() < 0.8


def test_no_dropout_draws_nothing():
    silent = rng()
    values = tf.ones([3])
    assert silent.dropout(values, 0.0) is values
    np.testing.assert_array_equal(silent.uniform([9]), rng().uniform([9]))


PLACES = Places(
    words=tf.constant([3, 0]),
    texts=tf.constant([1, 4]),
    ranks=tf.constant([2, 3]),
    offsets=tf.constant([0, 5, 9]),
    size=tf.constant(5),
)


def test_a_share_draws_what_the_whole_batch_draws_for_its_rows():
    whole, share = DropoutRng(tf.constant([1, 2])), DropoutRng(tf.constant([1, 2])).at(PLACES)
    drawn = whole.uniform([6, 4]).numpy()
    np.testing.assert_array_equal(share.uniform([2, 4], share.words), drawn[[3, 0]])
    drawn = whole.fold_in(3).mask([5], 0.5).numpy()
    folded = share.fold_in(3)
    np.testing.assert_array_equal(folded.mask([2], 0.5, folded.texts), drawn[[1, 4]])


def test_a_share_draws_by_rank_what_the_whole_batch_draws():
    whole, share = DropoutRng(tf.constant([1, 2])), DropoutRng(tf.constant([1, 2]), PLACES)
    drawn = whole.mask_by_rank([2, 5, 3], 0.5).numpy()
    np.testing.assert_array_equal(share.mask_by_rank([2, 2, 3], 0.5), drawn[:, [2, 3]])


def test_an_empty_share_draws_nothing():
    share = DropoutRng(tf.constant([1, 2]))
    assert share.uniform([0, 4], tf.zeros([0], tf.int32)).shape == (0, 4)
