"""A packed batch: from words as strings to the tensors that the model computes on.

All in TensorFlow operations: it runs inside `tf.data` and inside an exported graph.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.packing.sentences import PackedSentences, pack_sentences
from hier_rnn.packing.trie import PrefixTrie, build_trie
from hier_rnn.text.alphabet import BOS, EOS, Alphabet


class PackedBatch(NamedTuple):
    """The sentences of a batch, and the prefix tries of their distinct words."""

    prefix_tries: tuple[PrefixTrie, ...]
    """The words' trie and, for a bidirectional encoder, that of the words read from their end."""
    sentences: PackedSentences


class TrieBuilder:
    """Turns distinct words into prefix tries.

    Args:
        table: Identifier of every Unicode code point, int32 `(1114112,)`; 0 is unknown.
        marks: Identifiers put before and after each word's characters; None for none.
        bidirectional: Also make the trie of the words read from their end. Default False.
    """

    def __init__(
        self,
        table: np.ndarray,
        marks: tuple[int, int] | None,
        bidirectional: bool = False,
    ) -> None:
        self._table = tf.constant(table)
        self._marks = marks
        self._bidirectional = bidirectional
        largest = max(int(table.max()), *(marks or (0,)))
        self._size = largest + 1

    @property
    def mark_length(self) -> int:
        """Characters that come before, and after, those of a word: 1 with marks, else 0."""
        return 0 if self._marks is None else 1

    def __call__(self, words: tf.Tensor, shared: bool = True) -> tuple[PrefixTrie, ...]:
        """Returns the tries.

        Args:
            words: Distinct words, string `(words,)`, UTF-8.
            shared: Whether words share their prefixes. Without, each word has prefixes of its
                own, so that one can tell what each word contributes. Default True.
        """
        points = tf.strings.unicode_decode(words, "UTF-8")
        lengths = tf.cast(points.row_lengths(), tf.int32)
        characters = tf.gather(self._table, points.values)
        if self._marks is not None:
            characters, lengths = _marked(characters, lengths, *self._marks)
        spellings = [characters]
        if self._bidirectional:
            starts = tf.cumsum(lengths, exclusive=True)
            mirrored = tf.repeat(2 * starts + lengths, lengths) - 1 - tf.range(tf.size(characters))
            spellings.append(tf.gather(characters, mirrored))
        return tuple(build_trie(c, lengths, self._size, shared) for c in spellings)


def trie_builder(configuration: Configuration, alphabet: Alphabet) -> TrieBuilder:
    """Returns how the words of a run are spelled.

    Args:
        configuration: The run's options.
        alphabet: The run's characters.
    """
    marks = (BOS, EOS) if configuration.text.boundary_marks else None
    return TrieBuilder(alphabet.table(), marks, configuration.character_encoder.bidirectional)


def pack_batch(
    words: tf.Tensor, lengths: tf.Tensor, trie_builder: TrieBuilder, shared: bool = True
) -> PackedBatch:
    """Packs a batch.

    Args:
        words: The words of all sentences, one sentence after the other, string `(rows,)`.
        lengths: Words in each sentence, int32 `(sentences,)`.
        trie_builder: Makes the tries.
        shared: Whether equal words and equal prefixes are computed once. Default True.
    """
    if not shared:
        return PackedBatch(
            trie_builder(words, shared=False), pack_sentences(tf.range(tf.size(words)), lengths)
        )
    distinct, indices = tf.unique(words)
    return PackedBatch(trie_builder(distinct), pack_sentences(indices, lengths))


def prefixes_of_words(lengths: list[int]) -> list[np.ndarray]:
    """Returns each word's prefixes, by number, in a trie of words that share none.

    Args:
        lengths: Characters in each word, marks included.
    """
    levels = np.arange(max(lengths, default=0))
    reached = np.array(lengths, int)[:, None] > levels
    offsets = np.cumsum(reached.sum(0)) - reached.sum(0)
    numbers = offsets + np.cumsum(reached, 0) - 1
    return [row[:length] for row, length in zip(numbers, lengths, strict=True)]


def _marked(
    characters: tf.Tensor, lengths: tf.Tensor, begin: int, end: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Puts a mark before and after each word; returns the characters and the new lengths."""
    words = tf.range(tf.size(lengths))
    # Each word before this one has added two marks, and this one's begin mark comes first.
    places = tf.range(tf.size(characters)) + 2 * tf.repeat(words, lengths) + 1
    total = tf.size(characters) + 2 * tf.size(lengths)
    marked = tf.tensor_scatter_nd_update(tf.fill([total], begin), places[:, None], characters)
    ends = tf.cumsum(lengths + 2) - 1
    marked = tf.tensor_scatter_nd_update(marked, ends[:, None], tf.fill(tf.shape(ends), end))
    return marked, lengths + 2
