"""The classifier: character encoder, sentence encoder and head in one model."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import CharacterEncoderOptions, Configuration
from hier_rnn.errors import UserError
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.next_character import NextCharacter
from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.model.variables import Variables, add_variables, dense
from hier_rnn.model.weight_specs import head_shapes
from hier_rnn.packing.batch import PackedBatch
from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.packing.trie import prefix_counts
from hier_rnn.recurrent.dropout_rng import DropoutRng


class Classifier(keras.Model):
    """From a packed batch to the classes' logits.

    Args:
        configuration: The options.
        alphabet_size: How many identifiers characters have, the special ones included.
        classes: How many labels there are.
        encoder: A character encoder to share with other models: training any of them moves it.
            Default, one of its own.
        precision: Of an encoder of its own, as `CharacterEncoder` takes it. Default None.

    Raises:
        UserError: The shared encoder is for other options or another alphabet.
    """

    def __init__(
        self,
        configuration: Configuration,
        alphabet_size: int,
        classes: int,
        encoder: CharacterEncoder | None = None,
        precision: tf.DType | None = None,
    ) -> None:
        super().__init__(name="classifier")
        self.options = configuration.head
        if encoder is None:
            options = configuration.character_encoder
            encoder = CharacterEncoder(options, alphabet_size, precision)
        _check_shared(encoder, configuration.character_encoder, alphabet_size)
        self.character_encoder = encoder
        self.sentence_encoder = SentenceEncoder(
            configuration.sentence_encoder, self.character_encoder.width
        )
        self._head = add_variables(self, head_shapes(self.sentence_encoder.width, classes))
        self.next_character = None
        if configuration.training.next_character_weight:
            self.next_character = NextCharacter(configuration.character_encoder, alphabet_size)
        self.built = True

    def named_weights(self) -> Variables:
        """Returns every weight by its name, in the order of the flow."""
        return {
            **self.character_encoder.named_weights(),
            **self.sentence_encoder.named_weights(),
            **self._head,
            **(self.next_character.named_weights() if self.next_character else {}),
        }

    def call(
        self,
        batch: PackedBatch,
        rng: DropoutRng | None = None,
        frozen_encoder: bool = False,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the logits in the order of the batch, `(sentences, classes)`.

        Args:
            batch: The packed sentences and their words' tries.
            rng: Source of dropout; default None, no dropout.
            frozen_encoder: The character encoder needs no gradient. Default False.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        words = self.character_encoder(
            batch.prefix_tries, rng=rng, differentiable=differentiable and not frozen_encoder
        )
        return self.from_word_vectors(words, batch.sentences, rng, differentiable)

    def logits_and_lm_loss(
        self, batch: PackedBatch, rng: DropoutRng | None = None, frozen_encoder: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the logits, and the loss of predicting the next character in the same words.

        A word counts as often as the batch has it; the states of the encoder serve both, dropout
        included. Arguments as `call`.
        """
        encoder, predictor = self.character_encoder, self.next_character
        if predictor is None:
            raise ValueError(
                "training.next_character_weight is 0: there is nothing to predict with"
            )
        states = encoder.states(batch.prefix_tries, rng, differentiable=not frozen_encoder)
        words = encoder.vectors(states, batch.prefix_tries)
        counts = tf.math.unsorted_segment_sum(
            tf.ones_like(batch.sentences.words, tf.float32),
            batch.sentences.words,
            tf.shape(words)[0],
        )
        losses = [
            predictor.loss(layers[-1], trie, prefix_counts(trie, counts), direction)
            for direction, (layers, trie) in enumerate(zip(states, batch.prefix_tries, strict=True))
        ]
        return self.from_word_vectors(words, batch.sentences, rng), tf.add_n(losses) / len(losses)

    def from_word_vectors(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        rng: DropoutRng | None = None,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the logits of sentences of known words; arguments as `SentenceEncoder.call`."""
        pooled = self.sentence_encoder(words, sentences, rng=rng, differentiable=differentiable)
        if rng is not None:
            pooled = rng.dropout(pooled, self.options.dropout, rng.texts)
        return dense(pooled, *self._head.values())


def _check_shared(
    encoder: CharacterEncoder, options: CharacterEncoderOptions, alphabet_size: int
) -> None:
    """Makes sure that a shared encoder is what the options of this model ask for."""
    if encoder.options != options:
        shared, asked = encoder.options.model_dump(), options.model_dump()
        differing = ", ".join(
            f"{name} {shared[name]} instead of {asked[name]}"
            for name in shared
            if shared[name] != asked[name]
        )
        raise UserError(
            "the shared character encoder has other options than character_encoder in the"
            f" configuration. Received: {differing}."
        )
    if encoder.alphabet_size != alphabet_size:
        raise UserError(
            f"the shared character encoder is for an alphabet of {encoder.alphabet_size}. Received:"
            f" alphabet_size {alphabet_size}."
        )


def assign(weights: Mapping[str, keras.Variable], values: Mapping[str, np.ndarray]) -> None:
    """Sets weights by name, all of those for which there is a value."""
    for name, value in values.items():
        weights[name].assign(value)
