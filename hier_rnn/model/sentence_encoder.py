"""The sentence encoder: from the vectors of a sentence's words to the sentence's vector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from hier_rnn.configuration.options import SentenceEncoderOptions
from hier_rnn.model import pooling
from hier_rnn.model.segments import pooled_by_segments
from hier_rnn.model.variables import Variables, add_variables, under
from hier_rnn.model.weight_specs import (
    ATTENTION,
    lstm_names,
    sentence_encoder_shapes,
    sentence_state_names,
)
from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.lstm import LSTMOutput, PackedLSTM


class SentenceEncoder(keras.layers.Layer):
    """Stacked bidirectional LSTMs over packed sentences, and pooling.

    Args:
        options: The `sentence_encoder` options.
        width: Width of a word's vector.
    """

    def __init__(self, options: SentenceEncoderOptions, width: int) -> None:
        super().__init__(name="sentence_encoder")
        self.options = options
        self.width = 2 * options.units
        self._variables = add_variables(self, sentence_encoder_shapes(options, width))
        cells = [CellWeights(*under(name, self._variables)) for name in lstm_names(options)]
        self.cells = [
            PackedLSTM(forward, backward, options.recurrent_dropout)
            for forward, backward in zip(cells[::2], cells[1::2], strict=True)
        ]
        self.initial_states = [self._variables[name] for name in sentence_state_names(options)]
        self.attention = None
        if options.pooling == "attention":
            self.attention = pooling.Attention(*under(ATTENTION, self._variables))
        self.built = True

    def named_weights(self) -> Variables:
        """Returns every weight by its name."""
        return dict(self._variables)

    def project(self, words: tf.Tensor) -> tf.Tensor:
        """Returns what the first layer takes from words, wherever they stand.

        Without gradient, it can stand for their vectors: `(words, 2, 4 * units)`.

        Args:
            words: Vectors, `(words, width)`.
        """
        return self.cells[0].project(words)

    def call(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        rng: DropoutRng | None = None,
        differentiable: bool = True,
        initial_state: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Returns the sentences' vectors in the order of the batch, `(sentences, 2 * units)`.

        Args:
            words: Vectors of the distinct words, `(words, width)`, or what `project` makes of them.
            sentences: Which word stands where.
            rng: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
            initial_state: States before each sentence in the order of the batch instead of the
                encoder's own, `(layers, 2, 2, sentences, units)`: of each layer, the hidden and the
                cell state of each direction. Anything that broadcasts to this shape.
        """
        options = self.options
        if rng is not None:
            words = rng.dropout(words, options.input_dropout, rng.words)
            if options.word_dropout:
                # A dropped word's row reads an extra vector of zeros.
                rows = sentences.words
                dropped = rng.uniform([tf.size(rows)], rng.rows(sentences)) < options.word_dropout
                rows = tf.where(dropped, tf.shape(words)[0], rows)
                sentences = sentences._replace(words=rows)
                words = tf.pad(words, [[0, 1], [0, 0]])
        initial = self._initial_state(sentences, initial_state)

        def by(way: Callable[..., tf.Tensor]) -> Callable[[], tf.Tensor]:
            def branch() -> tf.Tensor:
                # With tensors of its own, a branch has a gradient wherever one is asked for.
                copies = tf.nest.map_structure(tf.identity, (words, sentences, initial))
                return way(*copies, rng and rng.fold_in(0), differentiable)

            return branch

        whole, segments = by(self._pooled), by(partial(pooled_by_segments, self))
        if not options.segment_words:
            pooled = whole()
        elif not differentiable:
            pooled = segments()
        else:
            # What is no longer than a segment needs no second pass.
            short = tf.size(sentences.sizes) <= options.segment_words
            pooled = tf.cond(short, whole, segments)
        return tf.gather(pooled, sentences.order)

    def read(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        initial: tf.Tensor,
        rng: DropoutRng | None,
        segment: int | tf.Tensor,
        differentiable: bool,
    ) -> tuple[tf.Tensor, list[LSTMOutput]]:
        """Returns the last layer's states by row, `(rows, 2 * units)`, and every layer's output.

        Args:
            words: Of the distinct words, as `call` takes them.
            sentences: Which word stands where.
            initial: States before each sentence by rank, `(layers, 2, 2, sentences, units)`.
            rng: Source of dropout, or None.
            segment: Number of the segment that is read: it has masks of its own, but for those of
                the recurrent product, which are the same throughout a document.
            differentiable: Whether to keep what the gradient needs.
        """
        options = self.options
        document_rng = rng and rng.fold_in(0)
        segment_rng = rng and rng.fold_in(1 + segment)
        states, rows = words, sentences.words
        outputs = []
        for layer in range(options.layers):
            if layer:
                rows = tf.range(tf.size(rows))
                if segment_rng is not None:
                    places = segment_rng.rows(sentences, segment * options.segment_words)
                    states = segment_rng.dropout(states, options.dropout, places)
            cell = self.cells[0 if options.share_layer_weights else layer]
            hidden, cells = tf.unstack(initial[layer])
            output = cell(
                states,
                rows,
                sentences,
                hidden,
                cells,
                rng=document_rng,
                differentiable=differentiable,
            )
            outputs.append(output)
            forward, backward = output.states
            states = tf.concat([forward, tf.gather(backward, sentences.mirror)], 1)
        return states, outputs

    def _pooled(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        initial: tf.Tensor,
        rng: DropoutRng | None,
        differentiable: bool,
    ) -> tf.Tensor:
        """Returns whole sentences' vectors by rank; arguments as `pooled_by_segments`."""
        states, layers = self.read(words, sentences, initial, rng, 0, differentiable)
        if self.options.pooling == "last":
            return pooling.last(layers[-1].states, sentences)
        if self.options.pooling == "max":
            return pooling.maximum(states, sentences)
        if self.attention is not None:
            return self.attention(states, sentences)
        return pooling.mean(states, sentences)

    def _initial_state(self, sentences: PackedSentences, given: tf.Tensor | None) -> tf.Tensor:
        """Returns the states before each sentence by rank, `(layers, 2, 2, sentences, units)`."""
        layers, units = self.options.layers, self.options.units
        shape = [layers, 2, 2, tf.size(sentences.lengths), units]
        if given is not None:
            by_rank = tf.math.invert_permutation(sentences.order)
            return tf.gather(tf.broadcast_to(given, shape), by_rank, axis=3)
        if not self.initial_states:
            return tf.zeros(shape, self.compute_dtype)
        states = tf.stack(list(map(tf.convert_to_tensor, self.initial_states)))
        # Named direction by direction, and asked for by state: hidden, then cell.
        by_state = tf.transpose(tf.reshape(states, [layers, 2, 2, 1, units]), [0, 2, 1, 3, 4])
        return tf.broadcast_to(by_state, shape)
