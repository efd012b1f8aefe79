"""Pooling against loops over the sentences, gradients included."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model import pooling
from hier_rnn.packing.sentences import pack_sentences

WIDTH = 4
LENGTHS = {
    "mixed": [2, 0, 5, 1, 5, 0],
    "one": [3],
    "one empty": [0],
    "only empty": [0, 0],
    "none": [],
}
all_lengths = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)


def packed(lengths):
    return pack_sentences(tf.range(sum(lengths)), tf.constant(lengths, tf.int32))


def values(rows, width=WIDTH, seed=0):
    return tf.Variable(np.random.default_rng(seed).normal(size=(rows, width)))


def by_sentence(sentences, states):
    """The rows of each rank's sentence, from its first word on."""
    ranks = sentences.ranks.numpy()
    return [
        tf.gather(states, np.flatnonzero(ranks == rank)) for rank in range(len(sentences.lengths))
    ]


def stacked(vectors, width):
    return tf.stack(vectors) if vectors else tf.zeros([0, width], tf.float64)


def compare(ours, loop, variables, width=WIDTH):
    """Both give the same, and the same gradient whatever comes down on it."""
    with tf.GradientTape(persistent=True) as tape:
        found, expected = ours(), stacked(loop(), width)
        weight = np.random.default_rng(1).normal(size=expected.shape)
        our_loss, their_loss = (tf.reduce_sum(x * weight) for x in (found, expected))
    np.testing.assert_allclose(found, expected, atol=1e-12, rtol=0)
    for variable in variables:
        one, other = (
            tf.convert_to_tensor(
                tape.gradient(loss, variable, unconnected_gradients="zero")
            ).numpy()
            for loss in (our_loss, their_loss)
        )
        assert np.isfinite(one).all()
        np.testing.assert_allclose(one, other, atol=1e-10, rtol=0)


@all_lengths
def test_last(lengths):
    sentences = packed(lengths)
    forward, backward = values(sum(lengths)), values(sum(lengths), seed=1)
    nothing = tf.zeros([2 * WIDTH], tf.float64)

    def loop():
        sides = zip(by_sentence(sentences, forward), by_sentence(sentences, backward), strict=True)
        return [tf.concat([a[-1], b[-1]], 0) if len(a) else nothing for a, b in sides]

    compare(
        lambda: pooling.last(
            (tf.convert_to_tensor(forward), tf.convert_to_tensor(backward)), sentences
        ),
        loop,
        [forward, backward],
        2 * WIDTH,
    )


@all_lengths
@pytest.mark.parametrize(
    ("pool", "reduce"), [(pooling.maximum, tf.reduce_max), (pooling.mean, tf.reduce_mean)]
)
def test_maximum_and_mean(lengths, pool, reduce):
    sentences, states = packed(lengths), values(sum(lengths))
    nothing = tf.zeros([WIDTH], tf.float64)
    compare(
        lambda: pool(tf.convert_to_tensor(states), sentences),
        lambda: [reduce(s, 0) if len(s) else nothing for s in by_sentence(sentences, states)],
        [states],
    )


def test_the_maximum_may_be_negative():
    sentences = packed([2, 0, 1])
    found = pooling.maximum(tf.constant([[-3.0], [-5.0], [-2.0]]), sentences)
    found = tf.gather(found, sentences.order).numpy().ravel()
    states = {rank: [] for rank in range(3)}
    for rank, value in zip(sentences.ranks.numpy(), [-3.0, -5.0, -2.0], strict=True):
        states[rank].append(value)
    expected = [max(states[rank], default=0.0) for rank in sentences.order.numpy()]
    assert found.tolist() == expected


ATTENTION_SHAPES = ((WIDTH, WIDTH), (WIDTH,), (WIDTH,))


def attention_of(*weights):
    return pooling.Attention(*(keras.Variable(weight, dtype="float64") for weight in weights))


@all_lengths
@pytest.mark.parametrize("scale", [1, 300], ids=["plain", "large scores"])
def test_attention(lengths, scale):
    sentences, states = packed(lengths), values(sum(lengths))
    random = np.random.default_rng(2)
    attention = attention_of(*(random.normal(size=shape) for shape in ATTENTION_SHAPES))
    attention.query.assign(scale * attention.query)

    def loop():
        pooled = []
        for s in by_sentence(sentences, states):
            scores = tf.linalg.matvec(
                tf.tanh(s @ attention.kernel + attention.bias), attention.query
            )
            pooled.append(tf.reduce_sum(tf.nn.softmax(scores)[:, None] * s, 0))
        return pooled

    compare(
        lambda: attention(tf.convert_to_tensor(states), sentences),
        loop,
        [states, attention.kernel.value, attention.bias.value, attention.query.value],
    )


def test_attention_without_a_query_is_the_mean():
    sentences, states = packed([3, 1]), values(4)
    attention = attention_of(*map(np.zeros, ATTENTION_SHAPES))
    states = tf.convert_to_tensor(states)
    np.testing.assert_allclose(
        attention(states, sentences), pooling.mean(states, sentences), atol=1e-12
    )
