"""Packed sentences against a layout worked out row by row."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hier_rnn.packing.sentences import pack_sentences


@tf.function(
    input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int32)],
)
def packed(words, lengths):
    return pack_sentences(words, lengths)


def pack(sentences):
    words = np.array([word for sentence in sentences for word in sentence], np.int32)
    return packed(words, np.array([len(sentence) for sentence in sentences], np.int32))


def check(sentences):
    found = {name: value.numpy() for name, value in pack(sentences)._asdict().items()}
    ranked = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))  # stable
    lengths = [len(sentences[i]) for i in ranked]
    places = [
        (step, rank)
        for step in range(max(lengths, default=0))
        for rank, length in enumerate(lengths)
        if length > step
    ]
    row_of = {place: row for row, place in enumerate(places)}
    assert {name: value.tolist() for name, value in found.items()} == {
        "sizes": [
            sum(length > step for length in lengths) for step in range(max(lengths, default=0))
        ],
        "words": [sentences[ranked[rank]][step] for step, rank in places],
        "ranks": [rank for _, rank in places],
        "mirror": [row_of[lengths[rank] - 1 - step, rank] for step, rank in places],
        "last": [row_of[length - 1, rank] if length else 0 for rank, length in enumerate(lengths)],
        "lengths": lengths,
        "order": [ranked.index(i) for i in range(len(sentences))],
    }
    assert {value.dtype for value in found.values()} == {np.dtype(np.int32)}
    assert (found["mirror"][found["mirror"]] == np.arange(len(places))).all()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=7), max_size=8))
@example([])
@example([[]])
@example([[], [], []])
@example([[3]])
@example([[], [3], []])
@example([[1, 2], [3, 4], [5, 6]])
@example([[1], [1, 1, 1], [], [1, 1], [1, 1, 1]])
def test_layout(sentences):
    check(sentences)


def test_a_long_sentence_among_short_ones():
    check([[1], list(range(500)), [], [2, 3]])
