"""Reading long documents segment by segment (`sentence_encoder.segment_words`).

A document of more words than that is cut every so many words. At a border, every layer's forward
LSTM hands its hidden and cell state on to the next segment of the same document, and the gradient
stops (truncated back-propagation through time, Williams and Peng 1990). The first segment starts
from the document's initial state, and the backward LSTMs start every segment from theirs: they
read a segment from its end and know nothing of what comes after it. A layer reads what the layer
below makes of the same segment. Pooling runs over the whole document.

Memory is bounded by the segment and not by the document: training reads everything twice. First
without keeping anything but the carried states at the borders and the running values of pooling.
Then, with the gradient of the pooled vectors, it reads each segment again from its border, with the
same dropout, and goes back through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import tensorflow as tf

from hier_rnn.configuration.options import SentenceEncoderOptions
from hier_rnn.model.pooling import Attention
from hier_rnn.model.running_pooling import Running, running_pooling
from hier_rnn.packing.sentences import PackedSentences, Segment, segment_of
from hier_rnn.recurrent.custom_gradient import custom_gradient
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.lstm import LSTMOutput, PackedLSTM

FORWARD, BACKWARD = 0, 1


class SegmentEncoder(Protocol):
    """What reads the segments: a `SentenceEncoder`, which has the meaning of each name."""

    options: SentenceEncoderOptions
    width: int
    cells: list[PackedLSTM]
    attention: Attention | None

    def read(
        self,
        words: tf.Tensor,
        sentences: PackedSentences,
        initial: tf.Tensor,
        rng: DropoutRng | None,
        segment: int | tf.Tensor,
        differentiable: bool,
    ) -> tuple[tf.Tensor, list[LSTMOutput]]:
        """Returns the last layer's states by row, and every layer's output."""


def pooled_by_segments(
    encoder: SegmentEncoder,
    words: tf.Tensor,
    sentences: PackedSentences,
    initial: tf.Tensor,
    rng: DropoutRng | None,
    differentiable: bool,
) -> tf.Tensor:
    """Returns the documents' pooled vectors by rank, `(sentences, 2 * units)`.

    Args:
        encoder: Reads the segments.
        words: Of the distinct words, as `SentenceEncoder.call` takes them.
        sentences: Which word stands where.
        initial: States before each document by rank, `(layers, 2, 2, sentences, units)`: of each
            layer, the hidden and the cell state of each direction.
        rng: Source of dropout, or None.
        differentiable: Whether a gradient will be asked for.
    """
    reading = _Reading(encoder, sentences, rng)
    variables = [weight for cell in encoder.cells for weight in cell.weights]
    variables += encoder.attention.weights if encoder.attention else []
    # As arguments, the weights' gradients are those that this function returns.
    weights = [tf.convert_to_tensor(variable) for variable in variables]

    def scope(tensors: Sequence[tf.Tensor]) -> keras.StatelessScope:
        return keras.StatelessScope(list(zip(variables, tensors, strict=True)))

    if not differentiable:
        running, _ = reading.through(words, initial, borders=False)
        return reading.pooling.result(running)

    def run(
        words: tf.Tensor, initial: tf.Tensor, *weights: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor]]]:
        with scope(weights):
            running, borders = reading.through(words, initial, borders=True)

        def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
            return reading.back(upstream, running, borders, (words, initial, *weights), scope)

        return reading.pooling.result(running), gradient

    return custom_gradient(run)(words, initial, *weights)


class _Reading:
    """Both ways through the documents of a batch: see the module."""

    def __init__(
        self, encoder: SegmentEncoder, sentences: PackedSentences, rng: DropoutRng | None
    ) -> None:
        options = encoder.options
        self._encoder, self._sentences, self._rng = encoder, sentences, rng
        self._words = options.segment_words
        self._segments = -(-tf.size(sentences.sizes) // self._words)
        self._carried = tf.TensorShape([options.layers, 2, None, options.units])
        self.pooling = running_pooling(
            options.pooling, sentences.lengths, encoder.width, encoder.attention
        )

    def through(
        self, words: tf.Tensor, initial: tf.Tensor, borders: bool
    ) -> tuple[Running, tf.Tensor | None]:
        """Reads all segments and keeps nothing of a segment but what the next one needs.

        Returns the running values of pooling after the last one, and if `borders` asks for it the
        carried states before each one, `(segments, layers, 2, sentences, units)`.
        """

        def step(
            number: tf.Tensor, carried: tf.Tensor, running: Running, kept: tf.TensorArray
        ) -> tuple[Any, ...]:
            states, handed_on, segment = self._read(number, words, carried, initial, False)
            running = self.pooling.add(running, states, segment)
            kept = kept.write(number, carried) if borders else kept
            return number + 1, handed_on, running, kept

        running = self.pooling.start()
        size = self._segments if borders else 0
        kept = tf.TensorArray(initial.dtype, size, element_shape=self._carried)
        _, _, running, kept = tf.while_loop(
            lambda number, *_: number < self._segments,
            step,
            (0, initial[:, :, FORWARD], running, kept),
            shape_invariants=(
                tf.TensorShape([]),
                self._carried,
                tuple(tf.TensorShape([None, *values.shape[1:]]) for values in running),
                tf.TensorShape(None),
            ),
        )
        return running, kept.stack() if borders else None

    def back(
        self,
        upstream: tf.Tensor,
        running: Running,
        borders: tf.Tensor,
        sources: Sequence[tf.Tensor],
        scope: Callable[[Sequence[tf.Tensor]], keras.StatelessScope],
    ) -> list[tf.Tensor]:
        """Reads every segment again and returns the gradients of the sources, summed over all.

        Args:
            upstream: Gradient of the pooled vectors by rank.
            running: As `through` returns.
            borders: Likewise.
            sources: The words' vectors, the initial states and the weights.
            scope: Puts weights in the place of the encoder's.
        """

        def step(number: tf.Tensor, *gradients: tf.Tensor) -> tuple[tf.Tensor, ...]:
            copies = [tf.identity(source) for source in sources]
            with tf.GradientTape(watch_accessed_variables=False) as tape, scope(copies[2:]):
                tape.watch(copies)
                words, initial = copies[:2]
                # Borders have no gradient. At the first there is nothing but the initial state.
                carried = tf.where(number == 0, initial[:, :, FORWARD], borders[number])
                states, _, segment = self._read(number, words, carried, initial, True)
                share = self.pooling.share(running, states, segment)
            added = tape.gradient(share, copies, upstream, tf.UnconnectedGradients.ZERO)
            return number + 1, *(
                total + tf.convert_to_tensor(gradient)
                for total, gradient in zip(gradients, added, strict=True)
            )

        zeros = [tf.zeros_like(source) for source in sources]
        return list(
            tf.while_loop(
                lambda number, *_: number < self._segments,
                step,
                (0, *zeros),
                shape_invariants=(tf.TensorShape([]), *(source.shape for source in sources)),
            )[1:]
        )

    def _read(
        self,
        number: tf.Tensor,
        words: tf.Tensor,
        carried: tf.Tensor,
        initial: tf.Tensor,
        differentiable: bool,
    ) -> tuple[tf.Tensor, tf.Tensor, Segment]:
        """Reads a segment; returns its states, what its documents hand on, and the segment."""
        segment = segment_of(self._sentences, number * self._words, self._words)
        # Only the segment's own words are to be projected.
        distinct, rows = tf.unique(segment.sentences.words)
        states, layers = self._encoder.read(
            tf.gather(words, distinct),
            segment.sentences._replace(words=rows),
            self._first_states(carried, initial),
            self._rng,
            number,
            differentiable,
        )
        # A document that goes on filled the segment; what others hand on, nobody reads.
        last = segment.sentences.last
        handed_on = tf.stack(
            [tf.stack([tf.gather(values[FORWARD], last) for values in layer]) for layer in layers]
        )
        return states, handed_on, segment

    @staticmethod
    def _first_states(carried: tf.Tensor, initial: tf.Tensor) -> tf.Tensor:
        """Forward a segment goes on from the last one; backward it begins as every document."""
        return tf.stack([carried, initial[:, :, BACKWARD]], 2)
