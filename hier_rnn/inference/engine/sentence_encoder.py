"""The sentence encoder in NumPy: from what it takes of a sentence's words to the sentence's vector.

What `hier_rnn.model.sentence_encoder` and `segments` compute, without gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hier_rnn.configuration.options import SentenceEncoderOptions
from hier_rnn.inference.engine.lstm import LSTM
from hier_rnn.inference.engine.packing import Packed, pack
from hier_rnn.inference.engine.pooling import POOLINGS
from hier_rnn.model.weight_specs import DIRECTIONS

BACKWARD = 1
ROWS_AT_ONCE = 1 << 14  # words whose projections are held at the same time

ProjectedWords = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From numbers of words, any shape, to a table of what `project` made of words and the row in it of
each number."""


class SentenceEncoder:
    """Stacked bidirectional LSTMs over packed sentences, and pooling.

    Args:
        options: The `sentence_encoder` options.
        weights: By name; only those of the sentence encoder are looked at.

    Attributes:
        width: Width of a sentence's vector.
        projected_width: Width of what `project` makes of a word.
    """

    def __init__(self, options: SentenceEncoderOptions, weights: Mapping[str, np.ndarray]) -> None:
        self.width = 2 * options.units
        self._options, self._weights = options, weights
        layers = [
            LSTM(weights, layer)
            for layer in range(1 if options.share_layer_weights else options.layers)
        ]
        self._layers = layers * options.layers if options.share_layer_weights else layers
        self.projected_width = 8 * self._layers[0].width
        self._initial = self._initial_states()

    def project(self, words: np.ndarray) -> np.ndarray:
        """Returns what the first layer takes from words, `(n, projected_width)`.

        Args:
            words: Vectors, `(n, width)`.
        """
        return self._layers[0].project(words)

    def __call__(
        self, words: ProjectedWords, numbers: np.ndarray, lengths: np.ndarray
    ) -> np.ndarray:
        """Returns the sentences' vectors, `(sentences, 2 * units)`.

        Args:
            words: Gives what `project` made of words.
            numbers: The words' numbers, one sentence after the other, `(words,)`.
            lengths: Words in each sentence, `(sentences,)`.
        """
        by_rank = np.argsort(-lengths, kind="stable")
        starts = (np.cumsum(lengths) - lengths)[by_rank]
        ranked = lengths[by_rank]
        units, count = self._options.units, len(lengths)
        pooling = POOLINGS[self._options.pooling](count, units, self._weights)
        # Of each layer the hidden and the cell states, `(layers, 2, 2, sentences, width)`.
        states = np.repeat(self._initial, count, axis=3)
        longest = int(ranked[0]) if count else 0
        for first in range(0, longest, self._options.segment_words or max(longest, 1)):
            own = np.clip(ranked - first, 0, self._options.segment_words or None)
            if first:
                states[:, :, BACKWARD] = self._initial[:, :, BACKWARD]
            packed = pack(own)
            places = starts[packed.ranks] + first + packed.steps
            both = numbers[np.stack([places, places[packed.mirror]])]
            aligned = self._read(words, both, packed, states, pooling.visit, pooling.aligned)
            pooling.end_segment(packed, aligned, states[-1, 0, :, :, :units])
        pooled = np.empty((count, self.width), np.float32)
        pooled[by_rank] = pooling.result(ranked)
        return pooled

    def _read(
        self,
        words: ProjectedWords,
        numbers: np.ndarray,
        packed: Packed,
        states: np.ndarray,
        visit: Callable[[np.ndarray], None],
        aligned: bool,
    ) -> np.ndarray:
        """Reads a segment with all layers and moves the states on.

        Returns the last layer's states by row, `(rows, 2 * units)`, or none if nobody asks for
        them.
        """
        below = np.empty((0, self.width), np.float32)
        rows = np.stack([np.arange(len(packed.ranks)), packed.mirror])
        for number, layer in enumerate(self._layers):
            last = number == len(self._layers) - 1
            kept = _Kept(0 if last and not aligned else len(packed.ranks), layer.units)

            def each(hidden: np.ndarray, kept: _Kept = kept, last: bool = last) -> None:
                kept.add(hidden)
                if last:
                    visit(hidden)

            for steps, part in _parts(packed.sizes):
                if number == 0:
                    inputs = layer.from_table(*words(numbers[:, part]))
                else:
                    inputs = layer.project_each(below, rows[:, part])
                hidden, cell = states[number]
                layer.read(inputs, packed.sizes[steps], hidden, cell, each)
            below = kept.aligned(packed.mirror)
        return below

    def _initial_states(self) -> np.ndarray:
        """Returns the states before a sentence, `(layers, 2, 2, 1, width)`."""
        layers, units = self._options.layers, self._options.units
        states = np.zeros((layers, 2, 2, 1, self._layers[0].width), np.float32)
        if self._options.initial_state == "trainable":
            for layer in range(layers):
                for d, direction in enumerate(DIRECTIONS):
                    for part, kind in enumerate(("hidden", "cell")):
                        name = f"sentence_encoder/initial_state_{layer}/{direction}/{kind}"
                        states[layer, part, d, :, :units] = self._weights[name]
        return states


class _Kept:
    """A layer's states of all steps, if a layer above or attention will read them."""

    def __init__(self, rows: int, units: int) -> None:
        self._states = np.empty((2, rows, units), np.float32)
        self._filled = 0

    def add(self, hidden: np.ndarray) -> None:
        if self._states.shape[1]:
            end = self._filled + hidden.shape[1]
            self._states[:, self._filled : end] = hidden
            self._filled = end

    def aligned(self, mirror: np.ndarray) -> np.ndarray:
        """Returns both directions' states side by side, `(rows, 2 * units)`."""
        forward, backward = self._states
        return np.concatenate([forward, backward[mirror]], 1) if len(forward) else forward


def _parts(sizes: np.ndarray) -> list[tuple[slice, slice]]:
    """Returns stretches of steps, with their rows, of no more words than are held at once."""
    ends = np.cumsum(sizes)
    parts, step, row = [], 0, 0
    while step < len(sizes):
        # One step at least: a batch has no more sentences than that.
        stop = max(step + 1, int(np.searchsorted(ends, row + ROWS_AT_ONCE, side="right")))
        parts.append((slice(step, stop), slice(row, int(ends[stop - 1]))))
        step, row = stop, int(ends[stop - 1])
    return parts
