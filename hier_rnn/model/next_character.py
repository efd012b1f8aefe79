"""The next character: what follows a prefix, predicted from the encoder's state after it.

A linear map of the state, and the loss of it: an objective of pretraining, and an auxiliary loss
while a classifier trains (`training.next_character_weight`). Over the trie, the loss of all words
is a sum over their distinct prefixes, each as often as words contain it.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.configuration.options import CharacterEncoderOptions
from hier_rnn.model.replicas import total
from hier_rnn.model.variables import Variables, add_variables
from hier_rnn.model.weight_specs import next_character_shapes
from hier_rnn.packing.trie import PrefixTrie, parent_states
from hier_rnn.text.alphabet import BOS, EOS

FIRST_MARKS = (BOS, EOS)  # of words read from their beginning, and from their end


class NextCharacter(keras.layers.Layer):
    """Predicts the character after each prefix, in each direction in which the encoder reads.

    Args:
        options: The `character_encoder` options.
        alphabet_size: How many identifiers characters have, the special ones included.
    """

    def __init__(self, options: CharacterEncoderOptions, alphabet_size: int) -> None:
        super().__init__(name="next_character")
        self._variables = add_variables(self, next_character_shapes(options, alphabet_size))
        weights = list(self._variables.values())
        self.kernels, self.biases = weights[::2], weights[1::2]
        self.built = True

    def named_weights(self) -> Variables:
        """Returns every weight by its name."""
        return dict(self._variables)

    def loss(
        self, states: tf.Tensor, trie: PrefixTrie, counts: tf.Tensor, direction: int = 0
    ) -> tf.Tensor:
        """Returns the mean negative log-likelihood of a character, in nats.

        The mark that every word starts with is not predicted.

        Args:
            states: The encoder's last layer's states by state index, `(1 + prefixes, units)`.
            trie: The prefixes.
            counts: How often each prefix is read, float32 `(prefixes,)`; see `prefix_counts`.
            direction: 0 for the words' trie, 1 for that of the words read from their end.
        """
        losses = self.losses(states, parent_states(trie), trie.characters, direction)
        known = tf.equal(trie.characters, FIRST_MARKS[direction])
        counts = tf.where(known, tf.zeros_like(counts), counts)
        return tf.math.divide_no_nan(tf.reduce_sum(counts * losses), total(tf.reduce_sum(counts)))

    def losses(
        self, states: tf.Tensor, rows: tf.Tensor, characters: tf.Tensor, direction: int = 0
    ) -> tf.Tensor:
        """Returns the negative log-likelihood of a character after a prefix, `(n,)`, in nats.

        Args:
            states: The encoder's last layer's states by state index, `(1 + prefixes, units)`.
            rows: The prefixes, state indices, int32 `(n,)`.
            characters: What follows, int32 `(n,)`.
            direction: As for `loss`.
        """
        # A prefix that several characters follow needs its logits once.
        distinct, of = tf.unique(rows)
        before = tf.gather(states, distinct)
        logits = tf.nn.bias_add(tf.matmul(before, self.kernels[direction]), self.biases[direction])
        scores = tf.gather_nd(logits, tf.stack([of, characters], 1))
        return tf.gather(tf.reduce_logsumexp(logits, 1), of) - scores
