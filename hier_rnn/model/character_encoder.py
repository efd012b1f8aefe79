"""The character encoder: from the spelling of a word to its vector."""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.configuration.options import CharacterEncoder as Options
from hier_rnn.model.shapes import word_width
from hier_rnn.packing.trie import PrefixTrie
from hier_rnn.recurrent.gru import TrieGRU
from hier_rnn.recurrent.noise import Noise


class CharacterEncoder(keras.layers.Layer):
    """Character embedding, stacked GRUs over the prefix trie, and an optional projection.

    Args:
        options: The `character_encoder` options.
        alphabet_size: How many identifiers characters have, the special ones included.
    """

    def __init__(self, options: Options, alphabet_size: int, **kwargs) -> None:
        super().__init__(name="character_encoder", **kwargs)
        self.options = options
        self.alphabet_size = alphabet_size
        self.width = word_width(options)
        self.directions = ("forward", "backward") if options.bidirectional else ("forward",)
        self.build()

    def build(self) -> None:
        """Makes the weights."""
        options = self.options
        self.embedding = self.add_weight(
            shape=(self.alphabet_size, options.embedding_dim), name="embedding"
        )
        cells = 1 if options.share_layer_weights else options.layers
        self.cells = [
            [
                TrieGRU(options.units, options.reset_after, options.recurrent_dropout)
                for _ in range(cells)
            ]
            for _ in self.directions
        ]
        for cells in self.cells:
            for layer, cell in enumerate(cells):
                cell.build(options.embedding_dim if layer == 0 else options.units)
        self.initial_states = None
        if options.initial_state == "trainable":
            self.initial_states = [
                [
                    self.add_weight(shape=(options.units,), initializer="zeros")
                    for _ in range(options.layers)
                ]
                for _ in self.directions
            ]
        self.projection = None
        if options.projection:
            self.projection = keras.layers.Dense(options.projection)
            self.projection.build((None, options.units * len(self.directions)))
        self.built = True

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name."""
        named = {"character_encoder/embedding": self.embedding}
        below = [f"/{d}" if self.options.bidirectional else "" for d in self.directions]
        for layer, cells in enumerate(zip(*self.cells, strict=True)):
            for direction, cell in zip(below, cells, strict=True):
                for part in ("kernel", "recurrent_kernel", "bias"):
                    name = f"character_encoder/gru_{layer}{direction}/{part}"
                    named[name] = getattr(cell, part)
        for layer, states in enumerate(zip(*self.initial_states or (), strict=True)):
            for direction, state in zip(below, states, strict=True):
                named[f"character_encoder/initial_state_{layer}{direction}"] = state
        if self.projection is not None:
            named["character_encoder/projection/kernel"] = self.projection.kernel
            named["character_encoder/projection/bias"] = self.projection.bias
        return named

    def call(
        self,
        tries: tuple[PrefixTrie, ...],
        noise: Noise | None = None,
        differentiable: bool = True,
        embedded: tuple[tf.Tensor, ...] | None = None,
    ) -> tf.Tensor:
        """Returns the words' vectors, `(words, width)`.

        Args:
            tries: The words' prefix trie, and for a bidirectional encoder that of the words read
                from their end.
            noise: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
            embedded: An embedding for each prefix's last character instead of the table's, a
                trie, `(prefixes, embedding_dim)`; to attribute a decision to characters.
        """
        words = [
            tf.gather(states[-1], trie.ends)
            for states, trie in zip(
                self.states(tries, noise, differentiable, embedded), tries, strict=True
            )
        ]
        vectors = words[0] if len(words) == 1 else tf.concat(words, 1)
        return vectors if self.projection is None else self.projection(vectors)

    def states(
        self,
        tries: tuple[PrefixTrie, ...],
        noise: Noise | None = None,
        differentiable: bool = True,
        embedded: tuple[tf.Tensor, ...] | None = None,
    ) -> list[list[tf.Tensor]]:
        """Returns every layer's states by state index, a direction; arguments as `call`."""
        options = self.options
        by_direction = []
        for d, trie in enumerate(tries):
            own = tf.range(tf.size(trie.characters))
            if embedded is None:
                inputs, rows = tf.convert_to_tensor(self.embedding), trie.characters
            else:
                inputs, rows = embedded[d], own
            if noise is not None:
                inputs = noise.dropout(inputs, options.embedding_dropout)
            layers = []
            for layer in range(options.layers):
                if layer:
                    inputs, rows = layers[-1][1:], own
                    if noise is not None:
                        inputs = noise.dropout(inputs, options.dropout)
                cell = self.cells[d][0 if options.share_layer_weights else layer]
                initial = self.initial_states and self.initial_states[d][layer]
                layers.append(
                    cell(inputs, rows, trie, initial, noise=noise, differentiable=differentiable)
                )
            by_direction.append(layers)
        return by_direction
