"""A stream packs its batches in order, keeps its types, and ends at once."""

from __future__ import annotations

import tensorflow as tf

from hier_rnn.packing.stream import packed_stream

SIGNATURE = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.string))


def pack(numbers, name):
    return tf.reduce_sum(numbers), tf.strings.upper(name)


def test_packs_in_order_and_ends_with_the_columns():
    stream = packed_stream(lambda: [([1, 2], "a"), ([], "b"), ([7], "c")], SIGNATURE, pack)
    packed = [(int(total), name.numpy()) for total, name in stream]
    assert packed == [(3, b"A"), (0, b"B"), (7, b"C")]


def test_begins_anew_each_time():
    begun = []
    stream = packed_stream(lambda: begun.append(1) or [([1], "a")], SIGNATURE, pack)
    assert len(list(stream)) == len(list(stream)) == 1
    assert len(begun) == 2


def test_nothing_is_tuned_that_would_hold_up_the_end():
    stream = packed_stream(lambda: [([1], "a")], SIGNATURE, pack)
    assert stream.options().autotune.enabled is False
