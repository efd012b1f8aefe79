"""The character encoder: from the spelling of a word to its vector."""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.configuration.options import CharacterEncoderOptions
from hier_rnn.model.variables import Variables, add_variables, dense, under
from hier_rnn.model.weight_specs import (
    EMBEDDING,
    PROJECTION,
    character_encoder_shapes,
    character_state_names,
    gru_names,
    word_width,
)
from hier_rnn.packing.trie import PrefixTrie
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.gru import TrieGRU


class CharacterEncoder(keras.layers.Layer):
    """Character embedding, stacked GRUs over the prefix trie, and an optional projection.

    Args:
        options: The `character_encoder` options.
        alphabet_size: How many identifiers characters have, the special ones included.
        precision: What the factors of its recurrent matrix products are rounded to where a gradient
            is wanted. Default None: nothing is rounded.
    """

    def __init__(
        self,
        options: CharacterEncoderOptions,
        alphabet_size: int,
        precision: tf.DType | None = None,
    ) -> None:
        super().__init__(name="character_encoder")
        self.options = options
        self.alphabet_size = alphabet_size
        self.width = word_width(options)
        self.directions = 2 if options.bidirectional else 1
        self._variables = add_variables(self, character_encoder_shapes(options, alphabet_size))
        self.embedding = self._variables[EMBEDDING]
        self.cells = [
            TrieGRU(
                CellWeights(*under(name, self._variables)), options.recurrent_dropout, precision
            )
            for name in gru_names(options)
        ]
        self.initial_states = [self._variables[name] for name in character_state_names(options)]
        self.projection = under(PROJECTION, self._variables)
        self.built = True

    def named_weights(self) -> Variables:
        """Returns every weight by its name."""
        return dict(self._variables)

    def call(
        self,
        tries: tuple[PrefixTrie, ...],
        rng: DropoutRng | None = None,
        differentiable: bool = True,
        embeddings: tuple[tf.Tensor, ...] | None = None,
        initial_state: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Returns the words' vectors, `(words, width)`.

        Args:
            tries: The words' prefix trie, and for a bidirectional encoder that of the words read
                from their end.
            rng: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
            embeddings: For each trie an embedding of each prefix's last character instead of the
                table's, `(prefixes, embedding_dim)`; to attribute a decision to characters.
            initial_state: States before every word instead of the encoder's own, `(layers,
                directions, units)` or what broadcasts to it. Words share their prefixes' states,
                so it is one for all.
        """
        states = self.states(tries, rng, differentiable, embeddings, initial_state)
        return self.vectors(states, tries)

    def vectors(self, states: list[list[tf.Tensor]], tries: tuple[PrefixTrie, ...]) -> tf.Tensor:
        """Returns the words' vectors, `(words, width)`, of what `states` returns."""
        words = [
            tf.gather(layers[-1], trie.ends) for layers, trie in zip(states, tries, strict=True)
        ]
        vectors = words[0] if len(words) == 1 else tf.concat(words, 1)
        return dense(vectors, *self.projection) if self.projection else vectors

    def states(
        self,
        tries: tuple[PrefixTrie, ...],
        rng: DropoutRng | None = None,
        differentiable: bool = True,
        embeddings: tuple[tf.Tensor, ...] | None = None,
        initial_state: tf.Tensor | None = None,
    ) -> list[list[tf.Tensor]]:
        """Returns each direction's layers' states by state index; arguments as `call`."""
        options = self.options
        initial = self._initial_state(initial_state)
        by_direction = []
        for d, trie in enumerate(tries):
            all_rows = tf.range(tf.size(trie.characters))
            if embeddings is None:
                inputs, rows = tf.convert_to_tensor(self.embedding), trie.characters
            else:
                inputs, rows = embeddings[d], all_rows
            if rng is not None:
                inputs = rng.dropout(inputs, options.embedding_dropout)
            layers: list[tf.Tensor] = []
            for layer in range(options.layers):
                if layer:
                    inputs, rows = layers[-1][1:], all_rows
                    if rng is not None:
                        inputs = rng.dropout(inputs, options.dropout)
                cell = self.cells[d + len(tries) * (0 if options.share_layer_weights else layer)]
                layers.append(
                    cell(
                        inputs,
                        rows,
                        trie,
                        initial[layer, d],
                        rng=rng,
                        differentiable=differentiable,
                    )
                )
            by_direction.append(layers)
        return by_direction

    def _initial_state(self, given: tf.Tensor | None) -> tf.Tensor:
        """Returns the states before every word, `(layers, directions, units)`."""
        shape = [self.options.layers, self.directions, self.options.units]
        if given is not None:
            return tf.broadcast_to(given, shape)
        if not self.initial_states:
            return tf.zeros(shape, self.compute_dtype)
        return tf.reshape(tf.stack(list(map(tf.convert_to_tensor, self.initial_states))), shape)
