"""The GRU over a prefix trie: one matrix product a gate for half a level, and our own gradient.

Computes exactly what a GRU computes that reads every word by itself (Cho et al. 2014; with
`reset_after` the variant of cuDNN), but each distinct prefix once. The gradient saves the gates,
sums children into their parents, and forms each gate's gradient in one product at the end.
Gates in the order of Keras: update, reset, candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from hier_rnn.packing.trie import HALVES, PrefixTrie
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.custom_gradient import custom_gradient
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.matrix_product import product, rounded
from hier_rnn.recurrent.packed_rows import pad_to_unroll, slice_bounds, unrolled
from hier_rnn.recurrent.sums import column_sums, sorted_segment_sum, sums_by_row

# The states that entered each half of a level, and what was computed there.
Saved: TypeAlias = "tuple[tf.TensorArray, tuple[tf.TensorArray, ...]]"


def trie_gru(
    inputs: tf.Tensor,
    rows: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    initial_state: tf.Tensor,
    trie: PrefixTrie,
    differentiable: bool = True,
    precision: tf.DType | None = None,
) -> tf.Tensor:
    """Runs a GRU over the trie and returns its states, `(1 + prefixes, units)`, by state index.

    Args:
        inputs: The distinct inputs, `(n, width)`; each is projected once.
        rows: Which of `inputs` each prefix reads, int32 `(prefixes,)`: for the first layer its
            character, for a stacked one its own number.
        kernel: `(width, 3 * units)`.
        recurrent_kernel: `(units, 3 * units)`.
        bias: `(2, 3 * units)`, for inputs and for states, then the reset gate acts after the
            recurrent product (`reset_after=True`); or `(3 * units,)`, then before it.
        initial_state: State before any character, `(units,)`.
        trie: The prefixes.
        differentiable: Whether to keep what the gradient needs.
        precision: What the factors of the recurrent matrix products are rounded to. Default None:
            nothing is rounded.
    """
    units = recurrent_kernel.shape[0]

    def forward(
        inputs: tf.Tensor,
        kernel: tf.Tensor,
        recurrent_kernel: tf.Tensor,
        bias: tf.Tensor,
        initial_state: tf.Tensor,
        save: bool,
    ) -> tuple[tf.Tensor, Saved]:
        of_inputs, of_states = bias, None
        if bias.shape.rank == 2:
            # What update and reset gate get of the states' bias is added once for each input.
            of_gates, of_states = tf.split(bias[1], [2 * units, units])
            of_inputs = bias[0] + tf.pad(of_gates, [[0, units]])
        projected = tf.split(tf.nn.bias_add(tf.matmul(inputs, kernel), of_inputs), 3, 1)
        kernels = tf.split(rounded(recurrent_kernel, precision), 3, 1)
        return _forward(projected, rows, kernels, of_states, initial_state, trie, save, precision)

    if not differentiable:
        return forward(inputs, kernel, recurrent_kernel, bias, initial_state, save=False)[0]

    def run(
        inputs: tf.Tensor,
        kernel: tf.Tensor,
        recurrent_kernel: tf.Tensor,
        bias: tf.Tensor,
        initial_state: tf.Tensor,
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        states, saved = forward(inputs, kernel, recurrent_kernel, bias, initial_state, save=True)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            upstream = tf.convert_to_tensor(upstream)  # gathering states gives slices
            gates, inner, entering, gated, root = _backward(
                upstream, states, saved, recurrent_kernel, bias, trie, precision
            )
            # Summed over the prefixes that read the same input: products of fewer rows.
            by_input = tf.concat(sums_by_row(gates, rows, tf.shape(inputs)[0]), 1)
            bias_gradient = column_sums(by_input)
            if bias.shape.rank == 2:
                of_states = tf.concat([bias_gradient[: 2 * units], column_sums(inner)], 0)
                bias_gradient = tf.stack([bias_gradient, of_states])
            of_kernels = [
                product(rounded(a, precision), rounded(b, precision), inner.dtype, transpose_a=True)
                for a, b in zip((entering, entering, gated), (*gates[:2], inner), strict=True)
            ]
            return (
                tf.matmul(by_input, kernel, transpose_b=True),
                tf.matmul(inputs, by_input, transpose_a=True),
                tf.concat(of_kernels, 1),
                bias_gradient,
                root,
            )

        return states, gradient

    return custom_gradient(run)(inputs, kernel, recurrent_kernel, bias, initial_state)


def _array(size: tf.Tensor, width: int, dtype: tf.DType) -> tf.TensorArray:
    return tf.TensorArray(
        dtype, size, element_shape=[None, width], infer_shape=False, clear_after_read=False
    )


# What half a level saves for the gradient, besides the states that entered: update and reset gate,
# what the reset gate acts on or gives, and the candidate. As many gradients come of them.
SAVED = 4


def _forward(
    projected: Sequence[tf.Tensor],
    rows: tf.Tensor,
    kernels: Sequence[tf.Tensor],
    bias: tf.Tensor | None,
    initial_state: tf.Tensor,
    trie: PrefixTrie,
    save: bool,
    precision: tf.DType | None,
) -> tuple[tf.Tensor, Saved]:
    """Reads the trie from the root to the deepest level; returns the states and what is saved.

    A product for each gate: cutting the result of one for all of them takes longer.

    Args:
        projected: What each gate takes from the inputs, `(n, units)`.
        rows: Which of them each prefix reads.
        kernels: Each gate's recurrent kernel, `(units, units)`, rounded.
        bias: What is added to the candidate's recurrent product, `(units,)`, before the reset gate
            acts on it. None: the reset gate acts before the product.
        initial_state: `(units,)`.
        trie: The prefixes.
        save: Whether to keep what the gradient needs.
        precision: What the factors of products are rounded to.
    """
    units = kernels[0].shape[0]
    by_level = pad_to_unroll(trie.sizes)
    levels = tf.shape(by_level)[0]
    begins, shapes = slice_bounds(tf.reshape(by_level, [-1]), rank=1)

    def read(half_level: tf.Tensor, previous: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Reads the characters of half a level from the states of the level above."""
        begin, shape = tf.gather(begins, half_level), tf.gather(shapes, half_level)
        h = tf.gather(previous, tf.slice(trie.parents, begin, shape))
        level_rows = tf.slice(rows, begin, shape)
        update, reset, candidate = (tf.gather(gate, level_rows) for gate in projected)
        factor = rounded(h, precision)
        update = tf.sigmoid(update + product(factor, kernels[0], h.dtype))
        reset = tf.sigmoid(reset + product(factor, kernels[1], h.dtype))
        if bias is not None:
            inner = tf.nn.bias_add(product(factor, kernels[2], h.dtype), bias)
            candidate = tf.tanh(candidate + reset * inner)
        else:
            inner = reset * h
            candidate += product(rounded(inner, precision), kernels[2], h.dtype)
            candidate = tf.tanh(candidate)
        state = candidate + update * (h - candidate)
        return state, h, update, reset, inner, candidate

    def level(
        t: tf.Tensor,
        previous: tuple[tf.Tensor, ...],
        states: tf.TensorArray,
        entered: tf.TensorArray,
        saved: tuple[tf.TensorArray, ...],
    ) -> tuple[Any, ...]:
        halves = []
        for half in range(HALVES):
            half_level = HALVES * t + half
            state, h, *values = read(half_level, previous[half])
            halves.append(state)
            states = states.write(1 + half_level, state)
            if save:
                entered = entered.write(half_level, h)
                saved = tuple(a.write(half_level, v) for a, v in zip(saved, values, strict=True))
        return t + 1, tuple(halves), states, entered, saved

    half_levels = HALVES * levels
    root = initial_state[None]
    *_, states, entered, saved = tf.while_loop(
        lambda t, *_: t < levels,
        unrolled(level),
        (
            0,
            (root,) * HALVES,
            _array(1 + half_levels, units, root.dtype).write(0, root),
            _array(half_levels if save else 0, units, root.dtype),
            tuple(_array(half_levels, units, root.dtype) for _ in range(SAVED if save else 0)),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            (tf.TensorShape([None, units]),) * HALVES,
            *(tf.TensorShape(None),) * 2,
            (tf.TensorShape(None),) * (SAVED if save else 0),
        ),
    )
    return states.concat(), (entered, saved)


def _backward(
    upstream: tf.Tensor,
    states: tf.Tensor,
    saved: Saved,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    trie: PrefixTrie,
    precision: tf.DType | None,
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Goes back from the deepest level to the root.

    Returns by prefix the gradients of update gate, reset gate and candidate before they are
    squashed, that of what the candidate's recurrent product gave, and the states that entered the
    gates' and the candidate's recurrent product; then the gradient of the initial state.
    """
    units = kernel.shape[0]
    after = bias.shape.rank == 2
    entered, computed = saved
    dtype = states.dtype
    by_level = pad_to_unroll(trie.sizes)
    levels, sizes = tf.shape(by_level)[0], tf.reshape(by_level, [-1])
    begins, shapes = slice_bounds(sizes)
    of_prefixes = upstream[1:]
    # States above each half of a level; above the first level, the root.
    above = tf.concat([[1] * HALVES, sizes], 0)
    update_kernel, reset_kernel, candidate_kernel = tf.split(
        tf.transpose(rounded(kernel, precision)), 3
    )

    def unread(half_level: tf.Tensor, children: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """From what the level below gives the states of half a level to the states above it.

        Returns that, and the gradients of what was computed from the states above.
        """
        begin, shape = tf.gather(begins, half_level), tf.gather(shapes, half_level)
        gradient = tf.slice(of_prefixes, begin, shape) + children
        h = entered.read(half_level)
        update, reset, inner, candidate = (array.read(half_level) for array in computed)
        kept = gradient * update
        candidate_gradient = tf.raw_ops.TanhGrad(y=candidate, dy=gradient - kept)
        update_gradient = gradient * (h - candidate)
        if after:
            reset_gradient = candidate_gradient * inner
            inner_gradient = candidate_gradient * reset
            kept += product(rounded(inner_gradient, precision), candidate_kernel, dtype)
        else:
            factor = rounded(candidate_gradient, precision)
            inner_gradient = product(factor, candidate_kernel, dtype)
            reset_gradient = inner_gradient * h
            kept += inner_gradient * reset
        update_gradient = tf.raw_ops.SigmoidGrad(y=update, dy=update_gradient)
        reset_gradient = tf.raw_ops.SigmoidGrad(y=reset, dy=reset_gradient)
        kept += product(rounded(update_gradient, precision), update_kernel, dtype)
        kept += product(rounded(reset_gradient, precision), reset_kernel, dtype)
        parents = tf.slice(trie.parents, begin[:1], shape[:1])
        given = sorted_segment_sum(kept, parents, tf.gather(above, half_level))
        gates = (update_gradient, reset_gradient, candidate_gradient)
        return given, *gates, inner_gradient if after else inner

    def level(
        t: tf.Tensor, children: tuple[tf.Tensor, ...], *arrays: tf.TensorArray
    ) -> tuple[Any, ...]:
        given = []
        for half in range(HALVES):
            half_level = HALVES * t + half
            to_parents, *values = unread(half_level, children[half])
            given.append(to_parents)
            arrays = tuple(
                a.write(half_level, value) for a, value in zip(arrays, values, strict=True)
            )
        return t - 1, tuple(given), *arrays

    _, given, *gradients = tf.while_loop(
        lambda t, *_: t >= 0,
        unrolled(level),
        (
            levels - 1,
            tuple(
                tf.zeros([above[HALVES * levels + half], units], dtype) for half in range(HALVES)
            ),
            *(_array(HALVES * levels, units, dtype) for _ in range(SAVED)),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            (tf.TensorShape([None, units]),) * HALVES,
            *(tf.TensorShape(None),) * SAVED,
        ),
    )

    def concat(array: tf.TensorArray) -> tf.Tensor:
        return tf.cond(levels > 0, array.concat, lambda: tf.zeros([0, units], dtype))

    *gates, last = map(concat, gradients)
    entering = concat(entered)
    inner, gated = (last, entering) if after else (gates[-1], last)
    root = tf.add_n([upstream[:1], *given])
    return gates, inner, entering, gated, root[0]


class TrieGRU:
    """A GRU that reads a prefix trie.

    Its weights have the shapes and the meaning of `keras.layers.GRU`'s; a bias of two rows means
    `reset_after`.

    Args:
        weights: The cell's weights.
        recurrent_dropout: Share of the state's units that the recurrent product does not see, the
            same ones for a whole batch: words share their prefixes' states. Default 0.
        precision: What the factors of the recurrent matrix products are rounded to where a gradient
            is wanted. Default None: nothing is rounded.
    """

    def __init__(
        self,
        weights: CellWeights,
        recurrent_dropout: float = 0.0,
        precision: tf.DType | None = None,
    ) -> None:
        self.weights = weights
        self.recurrent_dropout = recurrent_dropout
        self.precision = precision

    def __call__(
        self,
        inputs: tf.Tensor,
        rows: tf.Tensor,
        trie: PrefixTrie,
        initial_state: tf.Tensor | None = None,
        rng: DropoutRng | None = None,
        differentiable: bool = True,
    ) -> tf.Tensor:
        """Returns the states by state index, `(1 + prefixes, units)`.

        Args:
            inputs: The distinct inputs, `(n, width)`.
            rows: Which of them each prefix reads, int32 `(prefixes,)`.
            trie: The prefixes.
            initial_state: State before any character, `(units,)`; default zeros.
            rng: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        kernel, recurrent_kernel, bias = map(tf.convert_to_tensor, self.weights)
        units = self.weights.units
        if rng is not None and self.recurrent_dropout:
            # Dropping units of every entering state is dropping rows of the kernel.
            recurrent_kernel *= rng.mask([units, 1], self.recurrent_dropout)
        if initial_state is None:
            initial_state = tf.zeros([units], kernel.dtype)
        return trie_gru(
            inputs,
            rows,
            kernel,
            recurrent_kernel,
            bias,
            tf.convert_to_tensor(initial_state),
            trie,
            differentiable,
            self.precision if differentiable else None,
        )
