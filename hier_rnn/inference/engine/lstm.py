"""The bidirectional LSTM over packed sentences, in NumPy (Hochreiter and Schmidhuber 1997).

What `hier_rnn.recurrent.lstm` computes, without gradient: both directions side by side. Each gate
is an array of its own, so that what is done to it runs through memory in one go. A gate is computed
as `sigmoid(x) = (1 + tanh(x / 2)) / 2`, all gates by one call of `tanh`, and the factor of one half
within is multiplied into the weights beforehand, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from hier_rnn.inference.engine.blas import padded, product
from hier_rnn.model.weight_specs import DIRECTIONS

GATES = 4
KERAS_ORDER = [0, 1, 3, 2]  # input, forget, output, cell: the three that are squashed alike first


class Inputs(NamedTuple):
    """What an LSTM reads in some steps, projected."""

    table: np.ndarray
    """`(n * 4, width)`: what each of the gates takes from inputs."""
    rows: np.ndarray
    """`(2, 4, rows)`: which row of the table each gate of each direction reads, step by step."""


class LSTM:
    """One layer, both directions. States have `width` numbers, zeros after the units.

    Args:
        weights: By name.
        layer: Which layer's weights to take.

    Attributes:
        units: Width of a direction's states.
        width: Units, padded.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], layer: int) -> None:
        kernels, recurrent, biases = (
            [weights[f"sentence_encoder/lstm_{layer}/{way}/{part}"] for way in DIRECTIONS]
            for part in ("kernel", "recurrent_kernel", "bias")
        )
        self.units = len(recurrent[0])
        self.width = padded(self.units)
        self._kernels = [_side_by_side(_by_gate(kernel, self.width)) for kernel in kernels]
        self._biases = [_side_by_side(_by_gate(bias[None], self.width))[0] for bias in biases]
        self._kernel = np.concatenate(self._kernels, 1)
        self._bias = np.concatenate(self._biases)
        by_gate = np.stack([_by_gate(each, self.width) for each in recurrent])
        self._recurrent = np.pad(by_gate, [(0, 0), (0, 0), (0, self.width - self.units), (0, 0)])

    def project(self, inputs: np.ndarray) -> np.ndarray:
        """Returns what all gates of both directions take from inputs, `(n, 8 * width)`.

        Args:
            inputs: `(n, inputs)`.
        """
        projected = np.empty((len(inputs), len(self._bias)), np.float32)
        product(inputs, self._kernel, projected)
        projected += self._bias
        return projected

    def from_table(self, projected: np.ndarray, rows: np.ndarray) -> Inputs:
        """Returns what the directions read of what `project` made.

        Args:
            projected: `(n, 8 * width)`; it is not copied.
            rows: Which of them each direction reads, step by step, `(2, rows)`.
        """
        gates = np.arange(2 * GATES).reshape(2, GATES, 1)
        return Inputs(projected.reshape(-1, self.width), 2 * GATES * rows[:, None] + gates)

    def project_each(self, inputs: np.ndarray, rows: np.ndarray) -> Inputs:
        """Returns what the directions take from inputs that each of them reads but once.

        Args:
            inputs: `(n, inputs)`.
            rows: Which of them each direction reads, `(2, rows)`.
        """
        number = rows.shape[1]
        table = np.empty((2, number, GATES * self.width), np.float32)
        for d, (kernel, bias) in enumerate(zip(self._kernels, self._biases, strict=True)):
            product(inputs.take(rows[d], 0), kernel, table[d])
            table[d] += bias
        each = np.arange(2 * number * GATES).reshape(2, number, GATES).transpose(0, 2, 1)
        return Inputs(table.reshape(-1, self.width), each)

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
            hidden: Each direction's hidden states by rank, `(2, sentences, width)`; moved on.
            cell: The cell states likewise.
            visit: Called at each step with the new hidden states of the sentences that reach it,
                `(2, sentences, units)`.
        """
        width, most = self.width, int(sizes[0]) if len(sizes) else 0
        spaces = [np.empty(2 * GATES * width * most, np.float32) for _ in range(2)]
        squashed_space = np.empty(2 * width * most, np.float32)
        start = 0
        for size in sizes.tolist():
            h, c = hidden[:, :size], cell[:, :size]
            gates, read = (
                space[: 2 * GATES * width * size].reshape(2, GATES, size, width) for space in spaces
            )
            squashed = squashed_space[: 2 * width * size].reshape(2, size, width)
            product(h[:, None], self._recurrent, gates)
            inputs.table.take(inputs.rows[:, :, start : start + size], 0, out=read, mode="clip")
            gates += read
            np.tanh(gates, out=gates)
            entering, forget, output, new = (gates[:, gate] for gate in range(GATES))
            gates[:, :3] += 1  # twice the gates
            entering *= new
            c *= forget
            c += entering
            c *= 0.5
            np.tanh(c, out=squashed)
            squashed *= output
            np.multiply(squashed, 0.5, out=h)
            visit(h[:, :, : self.units])
            start += size


def _by_gate(weights: np.ndarray, width: int) -> np.ndarray:
    """Returns weights `(rows, 4 * units)` as `(4, rows, width)`, zeros after the units, halved."""
    gates = np.stack(np.split(weights, GATES, axis=1))[KERAS_ORDER]
    gates = gates * np.array([0.5, 0.5, 0.5, 1.0], np.float32)[:, None, None]
    return np.pad(gates, [(0, 0), (0, 0), (0, width - gates.shape[2])])


def _side_by_side(gates: np.ndarray) -> np.ndarray:
    """Returns `(4, rows, width)` as `(rows, 4 * width)`."""
    return gates.transpose(1, 0, 2).reshape(gates.shape[1], -1)
