"""A stream packs its batches in order, keeps its types, and ends at once."""

from __future__ import annotations

import gc
import weakref

import pytest
import tensorflow as tf

from hier_rnn.packing.stream import PackedStream

SIGNATURE = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.string))


def pack(numbers, name):
    return tf.reduce_sum(numbers), tf.strings.upper(name)


def test_packs_in_order_and_ends_with_the_columns():
    stream = PackedStream(lambda: [([1, 2], "a"), ([], "b"), ([7], "c")], SIGNATURE, pack)
    packed = [(int(total), name.numpy()) for total, name in stream]
    assert packed == [(3, b"A"), (0, b"B"), (7, b"C")]


def test_begins_anew_each_time():
    begun = []
    stream = PackedStream(lambda: begun.append(1) or [([1], "a")], SIGNATURE, pack)
    assert len(list(stream)) == len(list(stream)) == 1
    assert len(begun) == 2


def test_nothing_is_tuned_that_would_hold_up_the_end():
    stream = PackedStream(lambda: [([1], "a")], SIGNATURE, pack)
    assert stream.data.options().autotune.enabled is False


@pytest.mark.slow
def test_what_it_was_made_of_goes_with_it():
    """TensorFlow keeps every generator for ever: not the batches with it."""

    class Batches:
        def columns(self):
            yield [1], "a"
            yield [2], "b"

    batches = Batches()
    gone = weakref.ref(batches)
    stream = PackedStream(batches.columns, SIGNATURE, pack)
    passing = iter(stream)
    del batches, stream
    gc.collect()
    assert int(next(passing)[0]) == 1  # whoever goes through it keeps it
    passing.close()
    del passing
    gc.collect()
    assert gone() is None
