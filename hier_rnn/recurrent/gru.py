"""The GRU over a prefix trie: one matrix product a level, and a gradient of our own.

Computes exactly what a GRU computes that reads every word by itself (Cho et al. 2014; with
`reset_after` the variant of cuDNN), but each distinct prefix once. The gradient saves the gates,
sums children into their parents, and forms the weights' gradients in one product at the end.
Gates in the order of Keras: update, reset, candidate.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from hier_rnn.packing.trie import PrefixTrie
from hier_rnn.recurrent.noise import Noise


def trie_gru(
    inputs: tf.Tensor,
    rows: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    recurrent_bias: tf.Tensor | None,
    initial_state: tf.Tensor,
    trie: PrefixTrie,
    differentiable: bool = True,
) -> tf.Tensor:
    """Runs a GRU over the trie and returns its states, `(1 + prefixes, units)`, by state index.

    Args:
        inputs: Projected inputs (`input @ kernel + bias`), `(n, 3 * units)`.
        rows: Which of `inputs` each prefix reads, int32 `(prefixes,)`: for the first layer its
            character, for a stacked one its own number.
        recurrent_kernel: `(units, 3 * units)`.
        recurrent_bias: `(3 * units,)`, then the reset gate acts after the recurrent product
            (`reset_after=True`); or None, then before it.
        initial_state: State before any character, `(units,)`.
        trie: The prefixes.
        differentiable: Whether to keep what the gradient needs.
    """
    if not differentiable:
        bias = () if recurrent_bias is None else (recurrent_bias,)
        return _forward(inputs, rows, recurrent_kernel, bias, initial_state, trie, save=False)[0]

    @tf.custom_gradient
    def run(inputs, recurrent_kernel, initial_state, *bias):
        states, saved = _forward(
            inputs, rows, recurrent_kernel, bias, initial_state, trie, save=True
        )

        def gradient(states_gradient):
            states_gradient = tf.convert_to_tensor(states_gradient)  # gathering gives slices
            return _backward(
                states_gradient, states, saved, inputs, rows, recurrent_kernel, bias, trie
            )

        return states, gradient

    bias = () if recurrent_bias is None else (recurrent_bias,)
    return run(inputs, recurrent_kernel, initial_state, *bias)


def _array(size: tf.Tensor, width: int, dtype: tf.DType) -> tf.TensorArray:
    return tf.TensorArray(
        dtype, size, element_shape=[None, width], infer_shape=False, clear_after_read=False
    )


def _forward(inputs, rows, kernel, bias, initial_state, trie, save):
    units = kernel.shape[0]
    levels = tf.size(trie.sizes)
    offsets = tf.cumsum(trie.sizes, exclusive=True)
    if not bias:
        gates_kernel, candidate_kernel = kernel[:, : 2 * units], kernel[:, 2 * units :]

    def level(t, previous, states, *saved):
        """Reads one character more from the states of the level above."""
        at = offsets[t] + tf.range(trie.sizes[t])
        h = tf.gather(previous, tf.gather(trie.parents, at))
        x = tf.gather(inputs, tf.gather(rows, at))
        if bias:
            recurrent = tf.nn.bias_add(tf.matmul(h, kernel), bias[0])
            gates = tf.sigmoid(x[:, : 2 * units] + recurrent[:, : 2 * units])
            update, reset = tf.split(gates, 2, 1)
            inner = recurrent[:, 2 * units :]
            candidate = tf.tanh(x[:, 2 * units :] + reset * inner)
        else:
            gates = tf.sigmoid(x[:, : 2 * units] + tf.matmul(h, gates_kernel))
            update, reset = tf.split(gates, 2, 1)
            inner = reset * h
            candidate = tf.tanh(x[:, 2 * units :] + tf.matmul(inner, candidate_kernel))
        state = candidate + update * (h - candidate)
        kept = (gates, inner, candidate) if save else ()
        written = (a.write(t, value) for a, value in zip(saved, kept, strict=True))
        return t + 1, state, states.write(t + 1, state), *written

    widths = (2 * units, units, units) if save else ()
    root = initial_state[None]
    _, _, states, *saved = tf.while_loop(
        lambda t, *_: t < levels,
        level,
        (
            0,
            root,
            _array(levels + 1, units, inputs.dtype).write(0, root),
            *(_array(levels, width, inputs.dtype) for width in widths),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None, units]),
            *(tf.TensorShape(None),) * (1 + len(widths)),
        ),
    )
    return states.concat(), saved


def _backward(states_gradient, states, saved, inputs, rows, kernel, bias, trie):
    units = kernel.shape[0]
    gates_array, inner_array, candidate_array = saved
    levels = tf.size(trie.sizes)
    starts = tf.cumsum(trie.sizes, exclusive=True)
    # A prefix's parent lies in the level above: from numbers within a level to state indices.
    above = tf.concat([[0], 1 + starts], 0)[:levels]
    parents = trie.parents + tf.repeat(above, trie.sizes)
    level_sizes = tf.concat([[1], trie.sizes], 0)
    transposed = tf.transpose(kernel)
    if not bias:
        gates_transposed, candidate_transposed = transposed[: 2 * units], transposed[2 * units :]

    def level(t, gradient, input_gradients, recurrent_gradients):
        """From the gradient of a level's states to its inputs' and to the states above it."""
        start, size = starts[t], trie.sizes[t]
        h = tf.gather(states, parents[start : start + size])
        gates, inner = gates_array.read(t), inner_array.read(t)
        candidate = candidate_array.read(t)
        update, reset = tf.split(gates, 2, 1)
        kept = gradient * update
        candidate_gradient = tf.raw_ops.TanhGrad(y=candidate, dy=gradient - kept)
        update_gradient = gradient * (h - candidate)
        if bias:
            reset_gradient = candidate_gradient * inner
            inner_gradient = candidate_gradient * reset
        else:
            inner_gradient = tf.matmul(candidate_gradient, candidate_transposed)
            reset_gradient = inner_gradient * h
            kept += inner_gradient * reset
        gates_gradient = tf.raw_ops.SigmoidGrad(
            y=gates, dy=tf.concat([update_gradient, reset_gradient], 1)
        )
        input_gradient = tf.concat([gates_gradient, candidate_gradient], 1)
        if bias:
            recurrent_gradient = tf.concat([gates_gradient, inner_gradient], 1)
            kept += tf.matmul(recurrent_gradient, transposed)
        else:
            recurrent_gradient = input_gradient
            kept += tf.matmul(gates_gradient, gates_transposed)
        before = above[t]
        gradient = states_gradient[before : before + level_sizes[t]]
        gradient += tf.math.unsorted_segment_sum(
            kept, trie.parents[start : start + size], level_sizes[t]
        )
        return (
            t - 1,
            gradient,
            input_gradients.write(t, input_gradient),
            recurrent_gradients.write(t, recurrent_gradient) if bias else recurrent_gradients,
        )

    deepest = states_gradient[tf.size(trie.parents) + 1 - level_sizes[-1] :]
    arrays = (_array(levels, 3 * units, inputs.dtype) for _ in range(2))
    _, root_gradient, input_gradients, recurrent_gradients = tf.while_loop(
        lambda t, *_: t >= 0,
        level,
        (levels - 1, deepest, *arrays),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None, units]),
            tf.TensorShape(None),
            tf.TensorShape(None),
        ),
    )

    def concat(array: tf.TensorArray) -> tf.Tensor:
        nothing = tf.zeros([0, 3 * units], inputs.dtype)
        return tf.cond(levels > 0, array.concat, lambda: nothing)

    by_prefix = concat(input_gradients)
    h = tf.gather(states, parents)
    if bias:
        recurrent = concat(recurrent_gradients)
        kernel_gradient = tf.matmul(h, recurrent, transpose_a=True)
        bias_gradient = (tf.reduce_sum(recurrent, 0),)
    else:
        inner = tf.cond(levels > 0, inner_array.concat, lambda: tf.zeros([0, units], h.dtype))
        kernel_gradient = tf.concat(
            [
                tf.matmul(h, by_prefix[:, : 2 * units], transpose_a=True),
                tf.matmul(inner, by_prefix[:, 2 * units :], transpose_a=True),
            ],
            1,
        )
        bias_gradient = ()
    inputs_gradient = tf.math.unsorted_segment_sum(by_prefix, rows, tf.shape(inputs)[0])
    return inputs_gradient, kernel_gradient, root_gradient[0], *bias_gradient


class TrieGRU(keras.layers.Layer):
    """A GRU that reads a prefix trie.

    Its weights have the shapes and the meaning of `keras.layers.GRU`'s and move either way with
    `get_weights` and `set_weights`.

    Args:
        units: Width of the state.
        reset_after: Apply the reset gate after the recurrent product (as Keras and cuDNN do by
            default) or before it. Default True.
        recurrent_dropout: Share of the state's units that the recurrent product does not see, the
            same ones for a whole batch: words share their prefixes' states. Default 0.
    """

    def __init__(
        self, units: int, reset_after: bool = True, recurrent_dropout: float = 0.0, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.reset_after = reset_after
        self.recurrent_dropout = recurrent_dropout

    def build(self, width: int) -> None:
        """Makes the weights for inputs of this width."""
        gates = 3 * self.units
        self.kernel = self.add_weight(shape=(width, gates), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, gates), initializer="orthogonal", name="recurrent_kernel"
        )
        shape = (2, gates) if self.reset_after else (gates,)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(
        self,
        inputs: tf.Tensor,
        rows: tf.Tensor,
        trie: PrefixTrie,
        initial_state: tf.Tensor | None = None,
        noise: Noise | None = None,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the states by state index, `(1 + prefixes, units)`.

        Args:
            inputs: The distinct inputs, `(n, width)`.
            rows: Which of them each prefix reads, int32 `(prefixes,)`.
            trie: The prefixes.
            initial_state: State before any character, `(units,)`; default zeros.
            noise: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        bias = tf.convert_to_tensor(self.bias)
        input_bias, recurrent_bias = (bias[0], bias[1]) if self.reset_after else (bias, None)
        recurrent_kernel = tf.convert_to_tensor(self.recurrent_kernel)
        if noise is not None and self.recurrent_dropout:
            # Dropping units of every entering state is dropping rows of the kernel.
            recurrent_kernel *= noise.mask([self.units, 1], self.recurrent_dropout)
        if initial_state is None:
            initial_state = tf.zeros([self.units], self.compute_dtype)
        return trie_gru(
            tf.nn.bias_add(tf.matmul(inputs, self.kernel), input_bias),
            rows,
            recurrent_kernel,
            recurrent_bias,
            tf.convert_to_tensor(initial_state),
            trie,
            differentiable,
        )
