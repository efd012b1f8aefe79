"""The LSTM over packed sentences, all directions in one loop, with a gradient of our own.

Computes exactly what `keras.layers.LSTM` computes on each sentence by itself (Hochreiter and
Schmidhuber 1997; Gers et al. 2000), and no padded step: at each step the batch is what the
sentences that reach it make. Gates in the order of Keras: input, forget, cell, output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import keras
import tensorflow as tf

from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.custom_gradient import custom_gradient
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.packed_rows import pad_to_unroll, slice_bounds, unrolled
from hier_rnn.recurrent.sums import column_sums, sums_by_row

# What each step saves for the gradient, by direction.
Saved: TypeAlias = "tuple[tuple[tf.TensorArray, ...], ...]"


class LSTMOutput(NamedTuple):
    """What a packed LSTM returns."""

    states: tuple[tf.Tensor, ...]
    """Each direction's hidden states, `(rows, units)`."""
    cells: tuple[tf.Tensor, ...]
    """Each direction's cell states, `(rows, units)`; without gradient."""


def packed_lstm(
    inputs: tf.Tensor,
    rows: tuple[tf.Tensor, ...],
    kernels: tuple[tf.Tensor, ...],
    recurrent_kernels: tuple[tf.Tensor, ...],
    biases: tuple[tf.Tensor, ...],
    initial_hidden: tf.Tensor,
    initial_cell: tf.Tensor,
    sizes: tf.Tensor,
    mask: tf.Tensor | None = None,
    differentiable: bool = True,
) -> LSTMOutput:
    """Runs an LSTM in each direction over packed sentences.

    Each tuple has one tensor per direction. A direction that reads sentences from their end is
    given its rows in that order; its states come in that order too.

    Args:
        inputs: The distinct inputs, `(n, width)`; each is projected once.
        rows: Which of `inputs` each packed row reads, int32 `(rows,)`.
        kernels: `(width, 4 * units)`.
        recurrent_kernels: `(units, 4 * units)`.
        biases: `(4 * units,)`.
        initial_hidden: Hidden state before each sentence by rank, `(directions, sentences, units)`.
        initial_cell: Cell state likewise.
        sizes: Sentences that reach each step, falling, int32 `(steps,)`.
        mask: Multiplies the hidden state that enters each recurrent product (variational dropout,
            Gal and Ghahramani 2016), `(directions, sentences, units)`; None for none.
        differentiable: Whether to keep what the gradient needs.
    """
    directions = len(rows)
    if not differentiable:
        projected = _projected(inputs, kernels, biases)
        return _read(projected, rows, recurrent_kernels, initial_hidden, initial_cell, sizes, mask)

    def run(
        inputs: tf.Tensor,
        initial_hidden: tf.Tensor,
        initial_cell: tf.Tensor,
        *weights: tf.Tensor,
    ) -> tuple[tuple[tf.Tensor, ...], Callable[..., tuple[tf.Tensor, ...]]]:
        kernels, recurrent_kernels = weights[:directions], weights[directions : 2 * directions]
        states, cells, saved = _forward(
            _projected(inputs, kernels, weights[2 * directions :]),
            rows,
            recurrent_kernels,
            initial_hidden,
            initial_cell,
            sizes,
            mask,
            save=True,
        )

        def gradient(*upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            of_states = [tf.convert_to_tensor(u) for u in upstream[:directions]]
            gradients, entering, hidden, cell = _backward(
                of_states,
                states,
                saved,
                recurrent_kernels,
                initial_hidden,
                sizes,
                mask,
            )
            # Summed over the rows that read the same input: products of fewer rows.
            by_input = [
                sums_by_row((g,), r, tf.shape(inputs)[0])[0]
                for g, r in zip(gradients, rows, strict=True)
            ]
            return (
                tf.add_n(
                    [
                        tf.matmul(g, k, transpose_b=True)
                        for g, k in zip(by_input, kernels, strict=True)
                    ]
                ),
                hidden,
                cell,
                *(tf.matmul(inputs, g, transpose_a=True) for g in by_input),
                *(
                    tf.matmul(h, g, transpose_a=True)
                    for h, g in zip(entering, gradients, strict=True)
                ),
                *map(column_sums, by_input),
            )

        return (*states, *cells), gradient

    outputs = custom_gradient(run)(
        inputs, initial_hidden, initial_cell, *kernels, *recurrent_kernels, *biases
    )
    cells = tuple(map(tf.stop_gradient, outputs[directions:]))
    return LSTMOutput(tuple(outputs[:directions]), cells)


def _projected(
    inputs: tf.Tensor, kernels: Sequence[tf.Tensor], biases: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Returns what every gate takes from the inputs, one tensor per direction."""
    return [
        tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        for kernel, bias in zip(kernels, biases, strict=True)
    ]


def _read(
    projected: Sequence[tf.Tensor],
    rows: Sequence[tf.Tensor],
    kernels: Sequence[tf.Tensor],
    hidden: tf.Tensor,
    cell: tf.Tensor,
    sizes: tf.Tensor,
    mask: tf.Tensor | None,
) -> LSTMOutput:
    """Keeps nothing for a gradient."""
    states, cells, _ = _forward(projected, rows, kernels, hidden, cell, sizes, mask, save=False)
    return LSTMOutput(states, cells)


def _array(size: tf.Tensor, width: int, dtype: tf.DType) -> tf.TensorArray:
    return tf.TensorArray(
        dtype, size, element_shape=[None, width], infer_shape=False, clear_after_read=False
    )


def _concat(array: tf.TensorArray, steps: tf.Tensor, width: int) -> tf.Tensor:
    return tf.cond(steps > 0, array.concat, lambda: tf.zeros([0, width], array.dtype))


# What a step saves for the gradient: the cell state before, gates, candidate and the squashed cell
# state.
SAVED = 6
FIRST = (0, 0)  # the sentences that go on are the first ones of a step before


def _forward(
    projected: Sequence[tf.Tensor],
    rows: Sequence[tf.Tensor],
    kernels: Sequence[tf.Tensor],
    hidden: tf.Tensor,
    cell: tf.Tensor,
    sizes: tf.Tensor,
    mask: tf.Tensor | None,
    save: bool,
) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...], Saved]:
    """Reads all steps; returns each direction's hidden and cell states, and what is saved."""
    directions, units = len(rows), kernels[0].shape[0]
    dtype = hidden.dtype
    sizes = pad_to_unroll(sizes)
    steps = tf.size(sizes)
    begins, shapes = slice_bounds(sizes)

    # Gathered once, and not in each step, where a slice of rows is a view.
    read = [tf.gather(p, r) for p, r in zip(projected, rows, strict=True)]

    def step(
        t: tf.Tensor,
        entering_hidden: tuple[tf.Tensor, ...],
        entering_cell: tuple[tf.Tensor, ...],
        *arrays: Any,
    ) -> tuple[Any, ...]:
        """Reads one word more of every sentence that has one."""
        begin, shape = tf.gather(begins, t), tf.gather(shapes, t)
        hidden, cell = list(entering_hidden), list(entering_cell)
        hiddens, cells, saved = map(list, arrays)
        for d in range(directions):
            entering = tf.slice(hidden[d], FIRST, shape)
            if mask is not None:
                entering *= tf.slice(mask[d], FIRST, shape)
            x = tf.slice(read[d], begin, shape)
            enter, forget, candidate, output = tf.split(tf.matmul(entering, kernels[d]) + x, 4, 1)
            enter, forget, output = tf.sigmoid(enter), tf.sigmoid(forget), tf.sigmoid(output)
            candidate = tf.tanh(candidate)
            before = tf.slice(cell[d], FIRST, shape)
            cell[d] = forget * before + enter * candidate
            squashed = tf.tanh(cell[d])
            hidden[d] = output * squashed
            hiddens[d], cells[d] = hiddens[d].write(t, hidden[d]), cells[d].write(t, cell[d])
            if save:
                values = (before, enter, forget, candidate, output, squashed)
                saved[d] = tuple(a.write(t, v) for a, v in zip(saved[d], values, strict=True))
        return t + 1, *map(tuple, (hidden, cell, hiddens, cells, saved))

    def arrays(number: int) -> tuple[tf.TensorArray, ...]:
        return tuple(_array(steps, units, dtype) for _ in range(number))

    *_, hiddens, cells, saved = tf.while_loop(
        lambda t, *_: t < steps,
        unrolled(step),
        (
            0,
            tuple(tf.unstack(hidden)),
            tuple(tf.unstack(cell)),
            arrays(directions),
            arrays(directions),
            tuple(arrays(SAVED) for _ in range(directions if save else 0)),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            *((tf.TensorShape([None, units]),) * directions,) * 2,
            *((tf.TensorShape(None),) * directions,) * 2,
            ((tf.TensorShape(None),) * SAVED,) * (directions if save else 0),
        ),
    )
    states = tuple(_concat(a, steps, units) for a in hiddens)
    return states, tuple(_concat(a, steps, units) for a in cells), saved


def _backward(
    upstream: Sequence[tf.Tensor],
    states: Sequence[tf.Tensor],
    saved: Saved,
    kernels: Sequence[tf.Tensor],
    hidden: tf.Tensor,
    sizes: tf.Tensor,
    mask: tf.Tensor | None,
) -> tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Goes back from the last step to the first.

    Returns, one tensor per direction, the gradients of the projected inputs by row and what entered
    each row's recurrent product; then the gradients of the initial states.
    """
    directions, units = len(kernels), kernels[0].shape[0]
    dtype = hidden.dtype
    sizes = pad_to_unroll(sizes)
    steps = tf.size(sizes)
    begins, shapes = slice_bounds(sizes)
    # Sentences that end at each step: nothing comes to them from later ones.
    ending = sizes - tf.concat([sizes[1:], tf.zeros_like(sizes[:1])], 0)
    endings = tf.pad(ending[:, None, None], [[0, 0], [0, 1], [1, 0]])
    transposed = [tf.transpose(kernel) for kernel in kernels]

    def step(
        t: tf.Tensor,
        above_hidden: tuple[tf.Tensor, ...],
        above_cell: tuple[tf.Tensor, ...],
        *arrays: tf.TensorArray,
    ) -> tuple[Any, ...]:
        """From the gradient of a step's states to its inputs' and to the states before it."""
        begin, shape, ending = (tf.gather(each, t) for each in (begins, shapes, endings))
        hidden_gradients, cell_gradients = list(above_hidden), list(above_cell)
        written = []
        for d in range(directions):
            projected, cell_gradients[d] = _cell_gradient(
                tf.pad(hidden_gradients[d], ending) + tf.slice(upstream[d], begin, shape),
                tf.pad(cell_gradients[d], ending),
                *(array.read(t) for array in saved[d]),
            )
            hidden_gradients[d] = tf.matmul(projected, transposed[d])
            if mask is not None:
                hidden_gradients[d] *= tf.slice(mask[d], FIRST, shape)
            written.append(arrays[d].write(t, projected))
        return t - 1, tuple(hidden_gradients), tuple(cell_gradients), *written

    none = (tf.zeros([0, units], dtype),) * directions
    state = (tf.TensorShape([None, units]),) * directions
    _, hidden_gradients, cell_gradients, *arrays = tf.while_loop(
        lambda t, *_: t >= 0,
        unrolled(step),
        (steps - 1, none, none, *(_array(steps, 4 * units, dtype) for _ in range(directions))),
        shape_invariants=(
            tf.TensorShape([]),
            state,
            state,
            *(tf.TensorShape(None),) * directions,
        ),
    )
    # The state that entered a row: the sentence's state a step before, or its initial state.
    sentences = tf.shape(hidden)[1]
    ranks = tf.range(tf.reduce_sum(sizes)) - tf.repeat(begins[:, 0], sizes)
    earlier = tf.concat([[0], sentences + begins[:, 0]], 0)[:steps]
    before = tf.repeat(earlier, sizes) + ranks
    entering = [
        tf.gather(tf.concat([initial, later], 0), before)
        for initial, later in zip(tf.unstack(hidden), states, strict=True)
    ]
    if mask is not None:
        entering = [h * tf.gather(mask[d], ranks) for d, h in enumerate(entering)]
    # Sentences without words have the last ranks, and no gradient.
    wordless = [[0, 0], [0, sentences - tf.shape(hidden_gradients[0])[0]], [0, 0]]
    return (
        [_concat(array, steps, 4 * units) for array in arrays],
        entering,
        tf.pad(tf.stack(hidden_gradients), wordless),
        tf.pad(tf.stack(cell_gradients), wordless),
    )


def _cell_gradient(
    hidden_gradient: tf.Tensor,
    cell_gradient: tf.Tensor,
    before: tf.Tensor,
    enter: tf.Tensor,
    forget: tf.Tensor,
    candidate: tf.Tensor,
    output: tf.Tensor,
    squashed: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the gradients of a cell's projected inputs and of the cell state before."""
    cell_gradient += tf.raw_ops.TanhGrad(y=squashed, dy=hidden_gradient * output)
    projected = tf.concat(
        [
            tf.raw_ops.SigmoidGrad(y=enter, dy=cell_gradient * candidate),
            tf.raw_ops.SigmoidGrad(y=forget, dy=cell_gradient * before),
            tf.raw_ops.TanhGrad(y=candidate, dy=cell_gradient * enter),
            tf.raw_ops.SigmoidGrad(y=output, dy=hidden_gradient * squashed),
        ],
        1,
    )
    return projected, cell_gradient * forget


class PackedLSTM:
    """A bidirectional LSTM that reads packed sentences, both directions in one loop.

    Its weights have the shapes and the meaning of `keras.layers.Bidirectional(LSTM)`'s.

    Args:
        forward: The weights of the cell that reads sentences from their beginning.
        backward: The weights of the cell that reads them from their end.
        recurrent_dropout: Share of the hidden state's units that the recurrent product does not
            see, the same ones throughout a sentence (Gal and Ghahramani 2016). Default 0.
    """

    def __init__(
        self, forward: CellWeights, backward: CellWeights, recurrent_dropout: float = 0.0
    ) -> None:
        self.directions = (forward, backward)
        self.units = forward.units
        self.recurrent_dropout = recurrent_dropout

    @property
    def weights(self) -> list[keras.Variable]:
        """Every weight, in the order of Keras's `Bidirectional`."""
        return [weight for direction in self.directions for weight in direction]

    def project(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns what every gate takes from inputs, wherever they stand, `(n, 2, 4 * units)`.

        Args:
            inputs: `(n, width)`.
        """
        kernels, _, biases = self._tensors()
        kernel, bias = tf.concat(kernels, 1), tf.concat(biases, 0)
        projected = tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        return tf.reshape(projected, [-1, 2, 4 * self.units])

    def __call__(
        self,
        inputs: tf.Tensor,
        rows: tf.Tensor,
        sentences: PackedSentences,
        initial_hidden: tf.Tensor | None = None,
        initial_cell: tf.Tensor | None = None,
        rng: DropoutRng | None = None,
        differentiable: bool = True,
    ) -> LSTMOutput:
        """Returns both directions' states; the backward ones in their own order of reading.

        Args:
            inputs: The distinct inputs, `(n, width)`; without gradient, `project`'s result instead.
            rows: Which of them stands in each packed row, int32 `(rows,)`.
            sentences: How the rows are packed.
            initial_hidden: Hidden state before each sentence by rank, `(2, sentences, units)`;
                default zeros.
            initial_cell: Cell state likewise.
            rng: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        shape = [2, tf.size(sentences.lengths), self.units]
        mask = None
        if rng is not None and self.recurrent_dropout:
            mask = rng.mask_by_rank(shape, self.recurrent_dropout)
        kernels, recurrent_kernels, biases = self._tensors()
        zeros = tf.zeros(shape, kernels[0].dtype)
        hidden = zeros if initial_hidden is None else initial_hidden
        cell = zeros if initial_cell is None else initial_cell
        rows = (rows, tf.gather(rows, sentences.mirror))
        if inputs.shape.rank == 3:
            # Both directions read one flat table, of which no part is copied.
            table = tf.reshape(inputs, [-1, 4 * self.units])
            rows = tuple(2 * which + d for d, which in enumerate(rows))
            return _read(
                (table, table), rows, recurrent_kernels, hidden, cell, sentences.sizes, mask
            )
        return packed_lstm(
            inputs,
            rows,
            kernels,
            recurrent_kernels,
            biases,
            hidden,
            cell,
            sentences.sizes,
            mask,
            differentiable,
        )

    def _tensors(self) -> tuple[tuple[tf.Tensor, ...], ...]:
        """Returns the kernels, the recurrent kernels and the biases, one per direction."""
        by_part = zip(*self.directions, strict=True)
        return tuple(tuple(map(tf.convert_to_tensor, part)) for part in by_part)
