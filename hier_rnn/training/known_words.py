"""Words that are spelled out once for a whole phase, in which the character encoder stays as it is.

Nearly all words of a batch are words of the training text: with the batch, only those are spelled
out that misspelling made of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import Spelling

KEPT_BYTES = 256 << 20
ENCODED_AT_ONCE = 8192


def vectors_stay(configuration: Configuration, trainable: Sequence[str]) -> bool:
    """Returns whether a word has the same vector in every step of a phase.

    Not if its encoder trains or drops units, or has to foresee the next character in it.

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


class KnownWords:
    """The vectors of the most frequent words, as many as fit in 256 MiB.

    Args:
        encoder: The encoder, as it stays.
        spelling: Makes the tries of words.
        vocabulary: How often each word is seen; at least one.
    """

    def __init__(
        self, encoder: CharacterEncoder, spelling: Spelling, vocabulary: Counter[str]
    ) -> None:
        fitting = max(1, KEPT_BYTES // (4 * encoder.width))
        words = sorted(word for word, _ in vocabulary.most_common(fitting))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def vectors_of(words):
            return encoder(spelling(words), differentiable=False)

        words = tf.constant(words, tf.string)
        starts = range(0, len(words), ENCODED_AT_ONCE)
        parts = [vectors_of(words[start : start + ENCODED_AT_ONCE]) for start in starts]
        self._vectors = tf.concat(parts, 0)
        numbers = tf.lookup.KeyValueTensorInitializer(words, tf.range(len(words)))
        self._rows = tf.lookup.StaticHashTable(numbers, default_value=-1)

    def __len__(self) -> int:
        return len(self._vectors)

    def rows(self, words: tf.Tensor) -> tf.Tensor:
        """Returns each word's number, int32 `(words,)`; -1 for one that is not known.

        Args:
            words: string `(words,)`.
        """
        return self._rows.lookup(words)

    def beside(self, others: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Returns the vectors of words of which some are known, `(words, width)`.

        Args:
            others: Vectors of those that are not, one after the other.
            rows: Each word's number, or -1.
        """
        places = tf.dynamic_partition(tf.range(tf.size(rows)), tf.cast(rows < 0, tf.int32), 2)
        known = tf.gather(self._vectors, tf.gather(rows, places[0]))
        return tf.dynamic_stitch(places, [known, others])
