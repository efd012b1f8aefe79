"""The LSTM over packed sentences, all directions in one loop, with a gradient of our own.

Computes exactly what `keras.layers.LSTM` computes on each sentence by itself (Hochreiter and
Schmidhuber 1997; Gers et al. 2000), and no padded step: at each step the batch is what the
sentences that reach it make. Gates in the order of Keras: input, forget, cell, output.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.recurrent.noise import Noise


class LSTMOutput(NamedTuple):
    """What a packed LSTM returns."""

    states: tuple[tf.Tensor, ...]
    """Each direction's hidden states, `(rows, units)`."""
    cells: tuple[tf.Tensor, ...]
    """Each direction's cell states, `(rows, units)`; without gradient."""


def packed_lstm(
    inputs: tuple[tf.Tensor, ...],
    rows: tuple[tf.Tensor, ...],
    recurrent_kernels: tuple[tf.Tensor, ...],
    initial_hidden: tf.Tensor,
    initial_cell: tf.Tensor,
    sizes: tf.Tensor,
    mask: tf.Tensor | None = None,
    differentiable: bool = True,
) -> LSTMOutput:
    """Runs an LSTM in each direction over packed sentences.

    A direction is a tensor of each tuple. One that reads sentences from their end is given its
    rows in that order; its states come in that order too.

    Args:
        inputs: Projected inputs (`input @ kernel + bias`) a direction, `(n, 4 * units)`.
        rows: Which of `inputs` each packed row reads, int32 `(rows,)`.
        recurrent_kernels: `(units, 4 * units)` a direction.
        initial_hidden: Hidden state before each sentence by rank, `(directions, sentences, units)`.
        initial_cell: Cell state likewise.
        sizes: Sentences that reach each step, falling, int32 `(steps,)`.
        mask: Multiplies the hidden state that enters each recurrent product (variational dropout,
            Gal and Ghahramani 2016), `(directions, sentences, units)`; None for none.
        differentiable: Whether to keep what the gradient needs.
    """
    directions = len(inputs)

    def forward(inputs, kernels, hidden, cell, save):
        return _forward(inputs, rows, kernels, hidden, cell, sizes, mask, save)

    if not differentiable:
        states, cells, _ = forward(inputs, recurrent_kernels, initial_hidden, initial_cell, False)
        return LSTMOutput(states, cells)

    @tf.custom_gradient
    def run(initial_hidden, initial_cell, *tensors):
        inputs, kernels = tensors[:directions], tensors[directions:]
        states, cells, saved = forward(inputs, kernels, initial_hidden, initial_cell, True)

        def gradient(*upstream):
            return _backward(
                [tf.convert_to_tensor(u) for u in upstream[:directions]],
                states,
                saved,
                inputs,
                rows,
                kernels,
                initial_hidden,
                initial_cell,
                sizes,
                mask,
            )

        return (*states, *cells), gradient

    outputs = run(initial_hidden, initial_cell, *inputs, *recurrent_kernels)
    cells = tuple(map(tf.stop_gradient, outputs[directions:]))
    return LSTMOutput(tuple(outputs[:directions]), cells)


def _array(size: tf.Tensor, shape: list[int | None], dtype: tf.DType) -> tf.TensorArray:
    return tf.TensorArray(
        dtype, size, element_shape=shape, infer_shape=False, clear_after_read=False
    )


def _concat(array: tf.TensorArray, steps: tf.Tensor, width: int) -> tf.Tensor:
    return tf.cond(steps > 0, array.concat, lambda: tf.zeros([0, width], array.dtype))


def _forward(inputs, rows, kernels, hidden, cell, sizes, mask, save):
    directions, units = len(inputs), kernels[0].shape[0]
    dtype = inputs[0].dtype
    steps = tf.size(sizes)
    offsets = tf.cumsum(sizes, exclusive=True)

    def step(t, hidden, cell, *arrays):
        """Reads one word more of every sentence that has one."""
        size, start = sizes[t], offsets[t]
        hidden, cell = hidden[:, :size], cell[:, :size]
        entering = hidden if mask is None else hidden * mask[:, :size]
        projected = tf.stack(
            [
                tf.matmul(entering[d], kernels[d])
                + tf.gather(inputs[d], rows[d][start : start + size])
                for d in range(directions)
            ]
        )
        gates = tf.sigmoid(projected[..., : 2 * units])
        candidate = tf.tanh(projected[..., 2 * units : 3 * units])
        output = tf.sigmoid(projected[..., 3 * units :])
        enter, forget = tf.split(gates, 2, -1)
        cell = forget * cell + enter * candidate
        squashed = tf.tanh(cell)
        hidden = output * squashed
        values = [*tf.unstack(hidden), *tf.unstack(cell)]
        if save:
            values += [gates, candidate, output, squashed]
        written = (a.write(t, value) for a, value in zip(arrays, values, strict=True))
        return t + 1, hidden, cell, *written

    shapes = [[None, units]] * (2 * directions)
    if save:
        shapes += [[directions, None, width * units] for width in (2, 1, 1, 1)]
    state = tf.TensorShape([directions, None, units])
    arrays = tf.while_loop(
        lambda t, *_: t < steps,
        step,
        (0, hidden, cell, *(_array(steps, shape, dtype) for shape in shapes)),
        shape_invariants=(
            tf.TensorShape([]),
            state,
            state,
            *(tf.TensorShape(None) for _ in shapes),
        ),
    )[3:]
    states = tuple(_concat(a, steps, units) for a in arrays[:directions])
    cells = tuple(_concat(a, steps, units) for a in arrays[directions : 2 * directions])
    return states, cells, arrays[directions:]


def _backward(upstream, states, saved, inputs, rows, kernels, hidden, cell, sizes, mask):
    directions, units = len(inputs), kernels[0].shape[0]
    dtype = inputs[0].dtype
    cell_arrays, (gates_array, candidate_array, output_array, squashed_array) = (
        saved[:directions],
        saved[directions:],
    )
    steps = tf.size(sizes)
    offsets = tf.cumsum(sizes, exclusive=True)
    transposed = [tf.transpose(kernel) for kernel in kernels]

    def step(t, hidden_gradient, cell_gradient, *arrays):
        """From the gradient of a step's states to its inputs' and to the states before it."""
        size, start = sizes[t], offsets[t]
        starting = [[0, 0], [0, size - tf.shape(hidden_gradient)[1]], [0, 0]]
        hidden_gradient = tf.pad(hidden_gradient, starting)
        hidden_gradient += tf.stack([u[start : start + size] for u in upstream])
        cell_gradient = tf.pad(cell_gradient, starting)
        gates, candidate = gates_array.read(t), candidate_array.read(t)
        output, squashed = output_array.read(t), squashed_array.read(t)
        enter, forget = tf.split(gates, 2, -1)
        before = tf.cond(
            t > 0,
            lambda: tf.stack([a.read(t - 1)[:size] for a in cell_arrays]),
            lambda: cell[:, :size],
        )
        cell_gradient += tf.raw_ops.TanhGrad(y=squashed, dy=hidden_gradient * output)
        projected = tf.concat(
            [
                tf.raw_ops.SigmoidGrad(
                    y=gates, dy=tf.concat([cell_gradient * candidate, cell_gradient * before], -1)
                ),
                tf.raw_ops.TanhGrad(y=candidate, dy=cell_gradient * enter),
                tf.raw_ops.SigmoidGrad(y=output, dy=hidden_gradient * squashed),
            ],
            -1,
        )
        by_direction = tf.unstack(projected, directions)
        hidden_gradient = tf.stack(
            [tf.matmul(g, k) for g, k in zip(by_direction, transposed, strict=True)]
        )
        if mask is not None:
            hidden_gradient *= mask[:, :size]
        written = (a.write(t, value) for a, value in zip(arrays, by_direction, strict=True))
        return t - 1, hidden_gradient, cell_gradient * forget, *written

    none = tf.zeros([directions, 0, units], dtype)
    state = tf.TensorShape([directions, None, units])
    _, hidden_gradient, cell_gradient, *arrays = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (
            steps - 1,
            none,
            none,
            *(_array(steps, [None, 4 * units], dtype) for _ in range(directions)),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            state,
            state,
            *(tf.TensorShape(None) for _ in range(directions)),
        ),
    )
    # The state that entered a row: the sentence's state a step before, or its initial state.
    sentences = tf.shape(hidden)[1]
    ranks = tf.range(tf.reduce_sum(sizes)) - tf.repeat(offsets, sizes)
    earlier = tf.concat([[0], sentences + offsets], 0)[:steps]
    before = tf.repeat(earlier, sizes) + ranks
    input_gradients, kernel_gradients = [], []
    for d in range(directions):
        gradient = _concat(arrays[d], steps, 4 * units)
        entering = tf.gather(tf.concat([hidden[d], states[d]], 0), before)
        if mask is not None:
            entering *= tf.gather(mask[d], ranks)
        kernel_gradients.append(tf.matmul(entering, gradient, transpose_a=True))
        input_gradients.append(
            tf.math.unsorted_segment_sum(gradient, rows[d], tf.shape(inputs[d])[0])
        )
    # Sentences without words have the last ranks, and no gradient.
    wordless = [[0, 0], [0, sentences - tf.shape(hidden_gradient)[1]], [0, 0]]
    return (
        tf.pad(hidden_gradient, wordless),
        tf.pad(cell_gradient, wordless),
        *input_gradients,
        *kernel_gradients,
    )


class PackedLSTM(keras.layers.Layer):
    """A bidirectional LSTM that reads packed sentences, both directions in one loop.

    Its weights have the shapes and the meaning of `keras.layers.Bidirectional(LSTM)`'s and move
    either way with `get_weights` and `set_weights`.

    Args:
        units: Width of the state, each direction.
        recurrent_dropout: Share of the hidden state's units that the recurrent product does not
            see, the same ones throughout a sentence (Gal and Ghahramani 2016). Default 0.
    """

    def __init__(self, units: int, recurrent_dropout: float = 0.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.recurrent_dropout = recurrent_dropout

    def build(self, width: int) -> None:
        """Makes the weights for inputs of this width."""
        gates = 4 * self.units
        self.kernels, self.recurrent_kernels, self.biases = [], [], []
        for direction in ("forward", "backward"):
            self.kernels.append(self.add_weight(shape=(width, gates), name=f"{direction}_kernel"))
            self.recurrent_kernels.append(
                self.add_weight(
                    shape=(self.units, gates),
                    initializer="orthogonal",
                    name=f"{direction}_recurrent_kernel",
                )
            )
            self.biases.append(
                self.add_weight(shape=(gates,), initializer="zeros", name=f"{direction}_bias")
            )

    def call(
        self,
        inputs: tf.Tensor,
        rows: tf.Tensor,
        sentences: PackedSentences,
        initial_hidden: tf.Tensor | None = None,
        initial_cell: tf.Tensor | None = None,
        noise: Noise | None = None,
        differentiable: bool = True,
    ) -> LSTMOutput:
        """Returns both directions' states; the backward ones in their own order of reading.

        Args:
            inputs: The distinct inputs, `(n, width)`.
            rows: Which of them stands in each packed row, int32 `(rows,)`.
            sentences: How the rows are packed.
            initial_hidden: Hidden state before each sentence by rank, `(2, sentences, units)`;
                default zeros.
            initial_cell: Cell state likewise.
            noise: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        shape = [2, tf.size(sentences.lengths), self.units]
        mask = None
        if noise is not None and self.recurrent_dropout:
            mask = noise.mask(shape, self.recurrent_dropout)
        zeros = tf.zeros(shape, self.compute_dtype)
        return packed_lstm(
            tuple(
                tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
                for kernel, bias in zip(self.kernels, self.biases, strict=True)
            ),
            (rows, tf.gather(rows, sentences.mirror)),
            tuple(map(tf.convert_to_tensor, self.recurrent_kernels)),
            zeros if initial_hidden is None else initial_hidden,
            zeros if initial_cell is None else initial_cell,
            sentences.sizes,
            mask,
            differentiable,
        )
