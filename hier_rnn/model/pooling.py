"""Pooling: how the states of a sentence's words become one vector.

A sentence of no words gives zeros.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.packing.sentences import PackedSentences


def last(directions: tuple[tf.Tensor, ...], sentences: PackedSentences) -> tf.Tensor:
    """Returns each direction's state after the whole sentence, by rank.

    Args:
        directions: Each direction's states, in its own order of reading, `(rows, units)`.
        sentences: How the rows are packed.
    """
    has_words = tf.cast(sentences.lengths > 0, directions[0].dtype)[:, None]
    # In a batch of nothing but empty sentences there is no row to point to.
    padded = [tf.pad(states, [[0, 1], [0, 0]]) for states in directions]
    return tf.concat([tf.gather(s, sentences.last) for s in padded], 1) * has_words


def maximum(states: tf.Tensor, sentences: PackedSentences) -> tf.Tensor:
    """Returns each unit's largest value in the sentence, by rank (Conneau et al. 2017).

    Args:
        states: `(rows, 2 * units)`.
        sentences: How the rows are packed.
    """
    pooled = tf.math.unsorted_segment_max(states, sentences.ranks, tf.size(sentences.lengths))
    return tf.where(sentences.lengths[:, None] > 0, pooled, tf.zeros_like(pooled))


def mean(states: tf.Tensor, sentences: PackedSentences) -> tf.Tensor:
    """Returns each unit's mean over the sentence, by rank; arguments as `maximum`."""
    return tf.math.unsorted_segment_mean(states, sentences.ranks, tf.size(sentences.lengths))


class Attention:
    """Pools by a learned query: words that matter weigh more (Yang et al. 2016).

    Args:
        kernel: `(width, width)`.
        bias: `(width,)`.
        query: `(width,)`.
    """

    def __init__(self, kernel: keras.Variable, bias: keras.Variable, query: keras.Variable) -> None:
        self.kernel, self.bias, self.query = kernel, bias, query

    @property
    def weights(self) -> list[keras.Variable]:
        """Every weight."""
        return [self.kernel, self.bias, self.query]

    def __call__(self, states: tf.Tensor, sentences: PackedSentences) -> tf.Tensor:
        """Returns the weighted sum of each sentence's states, by rank; arguments as `maximum`."""
        scores = self.scores(states)
        count = tf.size(sentences.lengths)
        largest = tf.math.unsorted_segment_max(scores, sentences.ranks, count)
        weights = tf.exp(scores - tf.gather(tf.stop_gradient(largest), sentences.ranks))
        total = tf.math.unsorted_segment_sum(weights, sentences.ranks, count)
        summed = tf.math.unsorted_segment_sum(states * weights[:, None], sentences.ranks, count)
        return tf.math.divide_no_nan(summed, total[:, None])

    def scores(self, states: tf.Tensor) -> tf.Tensor:
        """Returns the logarithm of each state's weight, up to a constant, `(rows,)`."""
        hidden = tf.tanh(tf.nn.bias_add(tf.matmul(states, self.kernel), self.bias))
        return tf.linalg.matvec(hidden, self.query)
