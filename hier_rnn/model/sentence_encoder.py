"""The sentence encoder: from the vectors of a sentence's words to the sentence's vector."""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.configuration.options import SentenceEncoder as Options
from hier_rnn.model import pooling
from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.recurrent.lstm import PackedLSTM
from hier_rnn.recurrent.noise import Noise

DIRECTIONS = ("forward", "backward")


class SentenceEncoder(keras.layers.Layer):
    """Stacked bidirectional LSTMs over packed sentences, and pooling.

    Args:
        options: The `sentence_encoder` options.
        width: Width of a word's vector.
    """

    def __init__(self, options: Options, width: int, **kwargs) -> None:
        super().__init__(name="sentence_encoder", **kwargs)
        self.options = options
        self.width = 2 * options.units
        self.build(width)

    def build(self, width: int) -> None:
        """Makes the weights for word vectors of this width."""
        options = self.options
        cells = 1 if options.share_layer_weights else options.layers
        self.cells = [PackedLSTM(options.units, options.recurrent_dropout) for _ in range(cells)]
        for layer, cell in enumerate(self.cells):
            cell.build(width if layer == 0 else 2 * options.units)
        self.initial_states = None
        if options.initial_state == "trainable":
            # A layer's hidden and cell state, each `(directions, units)` as two weights.
            self.initial_states = [
                [
                    [
                        self.add_weight(shape=(options.units,), initializer="zeros")
                        for _ in DIRECTIONS
                    ]
                    for _ in ("hidden", "cell")
                ]
                for _ in range(options.layers)
            ]
        self.attention = None
        if options.pooling == "attention":
            self.attention = pooling.Attention()
            self.attention.build(2 * options.units)
        self.built = True

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name."""
        named = {}
        for layer, cell in enumerate(self.cells):
            for d, direction in enumerate(DIRECTIONS):
                name = f"sentence_encoder/lstm_{layer}/{direction}"
                named[f"{name}/kernel"] = cell.kernels[d]
                named[f"{name}/recurrent_kernel"] = cell.recurrent_kernels[d]
                named[f"{name}/bias"] = cell.biases[d]
        for layer, (hidden, cell) in enumerate(self.initial_states or ()):
            for d, direction in enumerate(DIRECTIONS):
                name = f"sentence_encoder/initial_state_{layer}/{direction}"
                named[f"{name}/hidden"], named[f"{name}/cell"] = hidden[d], cell[d]
        if self.attention is not None:
            for part in ("kernel", "bias", "query"):
                named[f"sentence_encoder/attention/{part}"] = getattr(self.attention, part)
        return named

    def call(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        noise: Noise | None = None,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the sentences' vectors in the order of the batch, `(sentences, 2 * units)`.

        Args:
            words: Vectors of the distinct words, `(words, width)`.
            sentences: Which word stands where.
            noise: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        options = self.options
        rows = sentences.words
        if noise is not None:
            words = noise.dropout(words, options.input_dropout)
            if options.word_dropout:
                # A dropped word's row reads an extra vector of zeros.
                dropped = noise.uniform([tf.size(rows)]) < options.word_dropout
                rows = tf.where(dropped, tf.shape(words)[0], rows)
                words = tf.pad(words, [[0, 1], [0, 0]])
        states = words
        for layer in range(options.layers):
            if layer:
                rows = tf.range(tf.size(rows))
                if noise is not None:
                    states = noise.dropout(states, options.dropout)
            cell = self.cells[0 if options.share_layer_weights else layer]
            hidden, cells = self._initial_state(layer, tf.size(sentences.lengths))
            output = cell(
                states, rows, sentences, hidden, cells, noise=noise, differentiable=differentiable
            )
            forward, backward = output.states
            aligned = tf.gather(backward, sentences.mirror)
            states = tf.concat([forward, aligned], 1)
        if options.pooling == "last":
            pooled = pooling.last((forward, backward), sentences)
        elif options.pooling == "max":
            pooled = pooling.maximum(states, sentences)
        elif options.pooling == "mean":
            pooled = pooling.mean(states, sentences)
        else:
            pooled = self.attention(states, sentences)
        return tf.gather(pooled, sentences.order)

    def _initial_state(self, layer: int, count: tf.Tensor) -> tuple:
        if self.initial_states is None:
            return None, None
        return tuple(
            tf.repeat(tf.stack(list(map(tf.convert_to_tensor, part)))[:, None], count, 1)
            for part in self.initial_states[layer]
        )
