"""The share of a batch that one replica of the model computes, where several train together.

Every replica knows the whole batch and takes its rows: of texts every so many, so that each has
long ones and short ones; of words a stretch, so that alphabetical neighbours stay together.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from hier_rnn.packing.sentences import PackedSentences, pack_sentences


class Share(NamedTuple):
    """Which share of each batch."""

    number: int
    """From 0."""
    of: int
    """How many there are."""

    def stretch(self, rows: int | tf.Tensor) -> slice:
        """Returns the share of so many rows as a stretch of them; it may be empty."""
        return slice(rows * self.number // self.of, rows * (self.number + 1) // self.of)


class Places(NamedTuple):
    """Where in the whole batch the rows of a share stand: dropout is drawn for the whole batch."""

    words: tf.Tensor
    """int32 `(distinct words,)`: among the batch's distinct words."""
    texts: tf.Tensor
    """int32 `(texts,)`: among the batch's texts."""
    ranks: tf.Tensor
    """int32 `(texts,)`: rank among all of the text of each rank."""
    offsets: tf.Tensor
    """int32 `(steps,)`: packed rows of the whole batch before each step."""
    size: tf.Tensor
    """int32 `()`: texts of the whole batch."""

    def rows(self, sentences: PackedSentences, first: int | tf.Tensor = 0) -> tf.Tensor:
        """Returns where packed rows stand among those of the whole batch, int32 `(rows,)`.

        Args:
            sentences: The share's texts, or what they have from a step on.
            first: The step. Default 0.
        """
        offsets = self.offsets[first:]
        offsets -= tf.reduce_sum(offsets[:1])
        steps = tf.repeat(tf.range(tf.size(sentences.sizes)), sentences.sizes)
        return tf.gather(offsets, steps) + tf.gather(self.ranks, sentences.ranks)


class TextsShare(NamedTuple):
    """A share of a batch's texts."""

    words: tf.Tensor
    """string `(distinct words,)`."""
    sentences: PackedSentences
    places: Places


def share_of_texts(words: tf.Tensor, lengths: tf.Tensor, share: Share) -> TextsShare:
    """Packs the share of a batch's texts.

    Args:
        words: The words of all texts, one text after the other, string `(rows,)`.
        lengths: Words in each text, int32 `(texts,)`.
        share: Which share.
    """
    distinct, indices = tf.unique(words)
    whole = pack_sentences(indices, lengths)
    texts = tf.range(tf.size(lengths))[share.number :: share.of]
    mine = tf.equal(tf.range(tf.size(lengths)) % share.of, share.number)
    needed, rows = tf.unique(tf.boolean_mask(indices, tf.repeat(mine, lengths)))
    sentences = pack_sentences(rows, tf.gather(lengths, texts))
    ranks = tf.scatter_nd(sentences.order[:, None], tf.gather(whole.order, texts), tf.shape(texts))
    offsets = tf.cumsum(whole.sizes, exclusive=True)
    places = Places(needed, texts, ranks, offsets, tf.size(lengths))
    return TextsShare(tf.gather(distinct, needed), sentences, places)
