"""The order in which words are learnt."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.packing.share import Share
from hier_rnn.training.pretraining.batches import grouped_permutation, packed_batches

WORDS = [f"{a}{b}{c}" for a in "xyz" for b in "abc" for c in "mnop"]


def together(group_size: int) -> int:
    """How many words are followed by their alphabetical neighbour."""
    order = grouped_permutation(WORDS, group_size, np.random.default_rng(0))
    assert sorted(order) == list(range(len(WORDS)))
    ordered = sorted(WORDS)
    after = dict(itertools.pairwise(ordered))
    return sum(after.get(WORDS[a]) == WORDS[b] for a, b in itertools.pairwise(order))


def test_neighbours_stay_together_in_groups():
    assert together(1) < 6
    assert together(4) >= 3 * 8
    assert together(100) >= len(WORDS) - 2


@pytest.mark.parametrize("group_size", [1, 4])
def test_the_generator_decides(group_size):
    orders = [
        grouped_permutation(WORDS, group_size, np.random.default_rng(seed)).tolist()
        for seed in (0, 0, 1)
    ]
    assert orders[0] == orders[1] != orders[2]


def numbered(epoch: int) -> list[tuple[list[str], list[int]]]:
    return [([f"{epoch}{place}", "ß\0"], [epoch, place]) for place in range(3)]


def packed(epoch: int, skip: int, number: int) -> list[tuple[list[str], list[int], bool]]:
    stream = packed_batches(numbered, (tf.string, tf.int32), lambda *each: each, epoch, skip)
    return [
        ([word.decode() for word in words.numpy()], numbers.numpy().tolist(), bool(last))
        for words, numbers, size, last in itertools.islice(stream, number)
        if size == 2
    ]


def test_epoch_after_epoch_in_order():
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]
    assert packed(0, 0, 7) == [
        ([f"{epoch}{place}", "ß\0"], [epoch, place], place == 2) for epoch, place in places
    ]


def test_goes_on_within_an_epoch():
    assert packed(1, 2, 3) == packed(0, 0, 8)[5:]


def test_a_mistake_in_a_later_epoch_is_not_lost():
    def failing(epoch):
        if epoch == 2:
            raise ValueError("no such epoch")
        return numbered(epoch)

    stream = packed_batches(failing, (tf.string, tf.int32), lambda *each: each)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no such epoch"):
        list(stream)


def test_the_next_epoch_is_made_while_this_one_trains():
    made = [threading.Event() for _ in range(2)]

    def noticed(epoch):
        if epoch < 2:
            made[epoch].set()
        return numbered(epoch) * 9

    stream = iter(packed_batches(noticed, (tf.string, tf.int32), lambda *each: each))
    next(stream)
    assert made[1].wait(timeout=60)


def test_shares_of_a_batch_are_stretches_of_it():
    shares = (Share(0, 3), Share(2, 3))
    types = (tf.string, tf.int32)
    stream = packed_batches(numbered, types, lambda *each: each, shares=shares)
    first, third = next(iter(stream))
    assert (len(first[0]), len(third[0])) == (0, 1)  # of two words
    assert third[1].numpy().tolist() == [0]
    assert int(first[2]) == int(third[2]) == 2
