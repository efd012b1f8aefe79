"""Packed sentences: the words of a batch's sentences, time-major, with no padding.

Sentences are ranked by falling length. Step `t` holds word `t` of every sentence that is longer
than `t`, in the order of rank, so the rows of step `t + 1` continue the first rows of step `t`.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class PackedSentences(NamedTuple):
    """Where each word of each sentence lies among the packed rows."""

    sizes: tf.Tensor
    """int32 `(steps,)`: sentences that reach each step."""
    words: tf.Tensor
    """int32 `(rows,)`: which (distinct) word stands in each row."""
    ranks: tf.Tensor
    """int32 `(rows,)`: rank of the sentence that each row belongs to."""
    mirror: tf.Tensor
    """int32 `(rows,)`: the row of the same sentence's word as far from its end as this one is from
    its beginning. Gathering by it turns every sentence around, and twice is the identity."""
    last: tf.Tensor
    """int32 `(sentences,)`: each rank's last row; 0 for an empty sentence."""
    lengths: tf.Tensor
    """int32 `(sentences,)`: words in the sentence of each rank, falling."""
    order: tf.Tensor
    """int32 `(sentences,)`: rank of each sentence of the batch."""


class Segment(NamedTuple):
    """Some steps of packed sentences."""

    sentences: PackedSentences
    """What the sentences have in these steps, ranks and order as before. A sentence that has ended
    has no words."""
    positions: tf.Tensor
    """int32 `(rows,)`: which word of its whole sentence stands in each row."""


def pack_sentences(words: tf.Tensor, lengths: tf.Tensor) -> PackedSentences:
    """Packs sentences, which may be empty.

    Args:
        words: Indices of the words of all sentences, one sentence after the other, int32
            `(rows,)`.
        lengths: Words in each sentence, int32 `(sentences,)`.
    """
    by_rank = tf.argsort(lengths, direction="DESCENDING", stable=True)
    order = tf.scatter_nd(by_rank[:, None], tf.range(tf.size(lengths)), tf.shape(lengths))
    starts = tf.gather(tf.cumsum(lengths, exclusive=True), by_rank)
    lengths = tf.gather(lengths, by_rank)
    longest = tf.range(tf.reduce_max(tf.concat([lengths, [0]], 0)))
    steps, ranks = tf.unstack(tf.cast(tf.where(lengths > longest[:, None]), tf.int32), 2, axis=1)
    indices = tf.gather(words, tf.gather(starts, ranks) + steps)
    return _packed(indices, tf.math.bincount(steps), ranks, steps, lengths, order)


def segment_of(sentences: PackedSentences, first: tf.Tensor, steps: int) -> Segment:
    """Returns the words that sentences have from one step on, up to so many steps.

    Args:
        sentences: The whole sentences.
        first: The step that the segment begins with, int32 `()`.
        steps: The longest that the segment can be.
    """
    sizes = sentences.sizes[first : first + steps]
    start = tf.reduce_sum(sentences.sizes[:first])
    rows = tf.range(start, start + tf.reduce_sum(sizes))
    within = tf.repeat(tf.range(tf.size(sizes)), sizes)
    packed = _packed(
        tf.gather(sentences.words, rows),
        sizes,
        tf.gather(sentences.ranks, rows),
        within,
        tf.clip_by_value(sentences.lengths - first, 0, steps),
        sentences.order,
    )
    return Segment(packed, first + within)


def _packed(
    words: tf.Tensor,
    sizes: tf.Tensor,
    ranks: tf.Tensor,
    steps: tf.Tensor,
    lengths: tf.Tensor,
    order: tf.Tensor,
) -> PackedSentences:
    """Completes what is known of each row: its word, its rank and its step."""
    offsets = tf.cumsum(sizes, exclusive=True)
    reversed_steps = tf.gather(lengths, ranks) - 1 - steps
    has_words = tf.cast(lengths > 0, tf.int32)
    last_steps = tf.maximum(lengths - 1, 0)
    # The extra offset is for a batch of empty sentences, which has no step.
    last = tf.gather(tf.concat([offsets, [0]], 0), last_steps) + tf.range(tf.size(lengths))
    return PackedSentences(
        sizes=sizes,
        words=words,
        ranks=ranks,
        mirror=tf.gather(offsets, reversed_steps) + ranks,
        last=last * has_words,
        lengths=lengths,
        order=order,
    )
