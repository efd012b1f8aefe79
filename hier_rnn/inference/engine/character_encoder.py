"""The character encoder in NumPy: from the spelling of a word to its vector.

What `hier_rnn.model.character_encoder` computes, without gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hier_rnn.configuration.options import CharacterEncoderOptions
from hier_rnn.inference.engine.blas import Affine
from hier_rnn.inference.engine.gru import GRUCell
from hier_rnn.inference.engine.trie import TrieBuilder, levels
from hier_rnn.model.weight_specs import DIRECTIONS, word_width

BLOCK = 256  # prefixes that are computed together: what they take stays in the processor's cache


class CharacterEncoder:
    """Character embedding, stacked GRUs over the prefix trie, and an optional projection.

    Args:
        options: The `character_encoder` options.
        trie_builder: From words to characters.
        weights: By name; only those of the character encoder are looked at.
    """

    def __init__(
        self,
        options: CharacterEncoderOptions,
        trie_builder: TrieBuilder,
        weights: Mapping[str, np.ndarray],
    ) -> None:
        self.width = word_width(options)
        self._units, self._trie_builder = options.units, trie_builder
        directions = [f"/{name}" for name in DIRECTIONS] if options.bidirectional else [""]
        self._stacks = [_Stack(options, direction, weights) for direction in directions]
        self._projection = None
        if options.projection:
            name = "character_encoder/projection"
            self._projection = Affine(weights[f"{name}/kernel"], weights[f"{name}/bias"])

    def __call__(self, words: Sequence[str]) -> np.ndarray:
        """Returns the words' vectors, `(words, width)`."""
        units = self._units
        states = np.empty((len(words), units * len(self._stacks)), np.float32)
        for d, stack in enumerate(self._stacks):
            backward = d == 1
            spelled = [word[::-1] for word in words] if backward else words
            order = sorted(range(len(words)), key=spelled.__getitem__)
            characters, lengths = self._trie_builder([words[i] for i in order], backward)
            ordered = np.array(order, np.int64)
            stack.read(characters, lengths, ordered, states[:, d * units : (d + 1) * units])
        return states if self._projection is None else self._projection(states)


class _Stack:
    """The layers of one direction."""

    def __init__(
        self, options: CharacterEncoderOptions, direction: str, weights: Mapping[str, np.ndarray]
    ) -> None:
        cells = []
        for layer in range(1 if options.share_layer_weights else options.layers):
            name = f"character_encoder/gru_{layer}{direction}"
            parts = (weights[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
            cells.append(GRUCell(*parts))
        self._cells = cells * options.layers if options.share_layer_weights else cells
        # What the first layer takes from each character, wherever it stands.
        self._characters = self._cells[0].project(weights["character_encoder/embedding"])
        self._initial = [np.zeros((1, cell.width), np.float32) for cell in self._cells]
        if options.initial_state == "trainable":
            for layer, state in enumerate(self._initial):
                trained = weights[f"character_encoder/initial_state_{layer}{direction}"]
                state[0, : options.units] = trained

    def read(
        self, characters: np.ndarray, lengths: np.ndarray, order: np.ndarray, out: np.ndarray
    ) -> None:
        """Writes the last layer's state after each word into `out`.

        Args:
            characters: Of all words, one word after the other.
            lengths: Characters in each word.
            order: Row of `out` of each word.
            out: `(words, units)`.
        """
        units, width = out.shape[1], self._cells[0].width
        states = np.empty((BLOCK, width), np.float32)
        gates_space, read_space = (np.empty(3 * BLOCK * width, np.float32) for _ in range(2))
        out[order[lengths == 0]] = self._initial[-1][:, :units]
        above = self._initial
        for level in levels(characters, lengths):
            size = len(level.parents)
            here = [np.empty((size, width), np.float32) for _ in above]
            for start in range(0, size, BLOCK):
                rows = slice(start, min(start + BLOCK, size))
                number = rows.stop - start
                gates, read = (
                    space[: 3 * number * width].reshape(3, number, width)
                    for space in (gates_space, read_space)
                )
                for layer, cell in enumerate(self._cells):
                    before = states[:number]
                    above[layer].take(level.parents[rows], 0, out=before, mode="clip")
                    if layer == 0:
                        self._characters.take(level.characters[rows], 1, out=read, mode="clip")
                        inputs = read
                    else:
                        inputs = cell.project(here[layer - 1][rows])
                    cell.step(before, inputs, gates, here[layer][rows])
            out[order[level.words]] = here[-1][level.ends, :units]
            above = here
