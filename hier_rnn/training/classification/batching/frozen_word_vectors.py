"""Word vectors that are computed once for a whole phase in which the character encoder is frozen.

Nearly all words of a batch are words of the training text: in each step the encoder then reads only
the words that misspelling made of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import TrieBuilder

KEPT_BYTES = 256 << 20
ENCODED_AT_ONCE = 8192


def vectors_stay(configuration: Configuration, trainable: Sequence[str]) -> bool:
    """Returns whether a word has the same vector in every step of a phase.

    Not if its encoder trains or drops units, or has to predict the next character in it.

    Args:
        configuration: The run's options.
        trainable: Names of the weights that train.
    """
    encoder = configuration.character_encoder
    return not (
        any(name.startswith("character_encoder/") for name in trainable)
        or any((encoder.embedding_dropout, encoder.dropout, encoder.recurrent_dropout))
        or configuration.training.next_character_weight
    )


class FrozenWordVectors:
    """The vectors of the most frequent words, as many as fit in 256 MiB.

    Args:
        encoder: The encoder, as it stays.
        trie_builder: Makes the tries of words.
        vocabulary: How often each word is seen; at least one.
    """

    def __init__(
        self, encoder: CharacterEncoder, trie_builder: TrieBuilder, vocabulary: Counter[str]
    ) -> None:
        fitting = max(1, KEPT_BYTES // (4 * encoder.width))
        words = sorted(word for word, _ in vocabulary.most_common(fitting))
        vectors_of = tf.function(
            lambda words: encoder(trie_builder(words), differentiable=False),
            input_signature=[tf.TensorSpec([None], tf.string)],
            autograph=False,
        )
        words = tf.constant(words, tf.string)
        starts = range(0, len(words), ENCODED_AT_ONCE)
        parts = [vectors_of(words[start : start + ENCODED_AT_ONCE]) for start in starts]
        self._vectors = tf.concat(parts, 0)
        rows = tf.lookup.KeyValueTensorInitializer(words, tf.range(len(words)))
        self._rows = tf.lookup.StaticHashTable(rows, default_value=-1)

    def __len__(self) -> int:
        return len(self._vectors)

    def rows(self, words: tf.Tensor) -> tf.Tensor:
        """Returns each word's row among the vectors, int32 `(words,)`; -1 if it has none.

        Args:
            words: string `(words,)`.
        """
        return self._rows.lookup(words)

    def merge(self, others: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Returns the vectors of words of which some are frozen, `(words, width)`.

        Args:
            others: Vectors of the words that have none here, one after the other.
            rows: Each word's row, or -1.
        """
        indices = tf.dynamic_partition(tf.range(tf.size(rows)), tf.cast(rows < 0, tf.int32), 2)
        frozen = tf.gather(self._vectors, tf.gather(rows, indices[0]))
        return tf.dynamic_stitch(indices, [frozen, others])
