"""The bidirectional LSTM over packed sentences, in NumPy (Hochreiter and Schmidhuber 1997).

What `hier_rnn.recurrent.lstm` computes, without gradient: both directions in one product. Gates in
the order of Keras: input, forget, cell, output. A gate is computed as
`sigmoid(x) = (1 + tanh(x / 2)) / 2`, all gates by one call of `tanh`, and the factor of one half
within is multiplied into the weights beforehand, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from hier_rnn.inference.engine.blas import product
from hier_rnn.model.weight_specs import DIRECTIONS


class Inputs(NamedTuple):
    """What an LSTM reads in some steps, projected."""

    table: np.ndarray
    """`(n, 4 * units)`: what the gates take from inputs."""
    rows: np.ndarray
    """`(2, rows)`: which row of the table each direction reads, step by step."""


class LSTM:
    """One layer, both directions.

    Args:
        weights: By name.
        layer: Which layer's weights to take.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], layer: int) -> None:
        kernels, recurrent, biases = (
            [weights[f"sentence_encoder/lstm_{layer}/{way}/{part}"] for way in DIRECTIONS]
            for part in ("kernel", "recurrent_kernel", "bias")
        )
        self.units = len(recurrent[0])
        gates = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), self.units)
        self._kernels = [kernel * gates for kernel in kernels]
        self._biases = [bias * gates for bias in biases]
        self._recurrent = np.stack(recurrent) * gates
        self._kernel = np.concatenate(self._kernels, 1)
        self._bias = np.concatenate(self._biases)

    def project(self, inputs: np.ndarray) -> np.ndarray:
        """Returns what both directions take from inputs, `(n, 8 * units)`.

        Args:
            inputs: `(n, width)`.
        """
        projected = np.empty((len(inputs), 8 * self.units), np.float32)
        product(inputs, self._kernel, projected)
        projected += self._bias
        return projected

    def project_each(self, inputs: np.ndarray, rows: np.ndarray) -> Inputs:
        """Returns what the directions take from inputs that each of them reads but once.

        Args:
            inputs: `(n, width)`.
            rows: Which of them each direction reads, `(2, rows)`.
        """
        table = np.empty((2, rows.shape[1], 4 * self.units), np.float32)
        for d, (kernel, bias) in enumerate(zip(self._kernels, self._biases, strict=True)):
            product(inputs.take(rows[d], 0), kernel, table[d])
            table[d] += bias
        own = np.arange(2 * rows.shape[1]).reshape(2, -1)
        return Inputs(table.reshape(-1, 4 * self.units), own)

    def read(
        self,
        inputs: Inputs,
        sizes: np.ndarray,
        hidden: np.ndarray,
        cell: np.ndarray,
        visit: Callable[[np.ndarray], None],
    ) -> None:
        """Reads some steps of packed sentences.

        Args:
            inputs: What is read.
            sizes: Sentences that reach each of the steps, falling.
            hidden: Each direction's hidden states by rank, `(2, sentences, units)`; moved on.
            cell: The cell states likewise.
            visit: Called at each step with the new hidden states of the sentences that reach it.
        """
        units, most = self.units, int(sizes[0]) if len(sizes) else 0
        gates_space, read_space = (np.empty(8 * units * most, np.float32) for _ in range(2))
        squashed_space = np.empty(2 * units * most, np.float32)
        start = 0
        for size in sizes.tolist():
            h, c = hidden[:, :size], cell[:, :size]
            gates = gates_space[: 8 * units * size].reshape(2, size, 4 * units)
            read = read_space[: 8 * units * size].reshape(2, size, 4 * units)
            squashed = squashed_space[: 2 * units * size].reshape(2, size, units)
            product(h, self._recurrent, gates)
            inputs.table.take(inputs.rows[:, start : start + size], 0, out=read, mode="clip")
            gates += read
            np.tanh(gates, out=gates)
            entering, forget, new, output = (
                gates[:, :, gate * units : (gate + 1) * units] for gate in range(4)
            )
            gates[:, :, : 2 * units] += 1  # twice the gates
            entering *= new
            c *= forget
            c += entering
            c *= 0.5
            np.tanh(c, out=squashed)
            output += 1
            squashed *= output
            np.multiply(squashed, 0.5, out=h)
            visit(h)
            start += size
