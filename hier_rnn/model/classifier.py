"""The classifier: character encoder, sentence encoder and head in one model."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.packing.batch import PackedBatch
from hier_rnn.recurrent.noise import Noise


class Classifier(keras.Model):
    """From a packed batch to the classes' logits.

    Args:
        configuration: The options.
        alphabet_size: How many identifiers characters have, the special ones included.
        classes: How many labels there are.
        encoder: A character encoder to share with other models; default, one of its own.
    """

    def __init__(
        self,
        configuration: Configuration,
        alphabet_size: int,
        classes: int,
        encoder: CharacterEncoder | None = None,
    ) -> None:
        super().__init__(name="classifier")
        self.options = configuration.head
        self.character_encoder = encoder or CharacterEncoder(
            configuration.character_encoder, alphabet_size
        )
        self.sentence_encoder = SentenceEncoder(
            configuration.sentence_encoder, self.character_encoder.width
        )
        self.head = keras.layers.Dense(classes, name="head")
        self.head.build((None, self.sentence_encoder.width))
        self.built = True

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name, in the order of the flow."""
        return {
            **self.character_encoder.named_weights(),
            **self.sentence_encoder.named_weights(),
            "head/kernel": self.head.kernel,
            "head/bias": self.head.bias,
        }

    def call(
        self,
        batch: PackedBatch,
        noise: Noise | None = None,
        frozen_encoder: bool = False,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the logits in the order of the batch, `(sentences, classes)`.

        Args:
            batch: The packed sentences and their words' tries.
            noise: Source of dropout; default None, no dropout.
            frozen_encoder: The character encoder needs no gradient. Default False.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        words = self.character_encoder(
            batch.tries, noise=noise, differentiable=differentiable and not frozen_encoder
        )
        return self.classify(words, batch.sentences, noise, differentiable)

    def classify(
        self,
        words: tf.Tensor,
        sentences,
        noise: Noise | None = None,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the logits of sentences whose distinct words' vectors are given."""
        pooled = self.sentence_encoder(words, sentences, noise=noise, differentiable=differentiable)
        if noise is not None:
            pooled = noise.dropout(pooled, self.options.dropout)
        return self.head(pooled)


def assign(weights: dict[str, keras.Variable], values: dict[str, np.ndarray]) -> None:
    """Sets weights by name, all of those for which there is a value."""
    for name, value in values.items():
        weights[name].assign(value)
