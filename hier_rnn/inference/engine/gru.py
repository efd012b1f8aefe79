"""The GRU cell over one level of a prefix trie, in NumPy (Cho et al. 2014).

What `hier_rnn.recurrent.gru` computes, without gradient. Gates in the order of Keras: update,
reset, candidate; each gate is an array of its own, so that what is done to it runs through memory
in one go. A gate is computed as `sigmoid(x) = (1 + tanh(x / 2)) / 2`, and every factor of one half
is multiplied into the weights beforehand, which is exact.
"""

from __future__ import annotations

import numpy as np

from hier_rnn.inference.engine.blas import padded, product

ELEMENTS = 1 << 14  # numbers of a gate that are worked on together: they stay in the cache


class GRUCell:
    """One layer's cell, in one direction. States have `width` numbers, zeros after the units.

    Args:
        kernel: `(inputs, 3 * units)`.
        recurrent_kernel: `(units, 3 * units)`.
        bias: `(2, 3 * units)`, for inputs and for states, then the reset gate acts after the
            recurrent product (`reset_after`); or `(3 * units,)`, then before it.

    Attributes:
        width: Units, padded.
    """

    def __init__(self, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> None:
        units = len(recurrent_kernel)
        self.width, self._reset_after = padded(units), bias.ndim == 2
        self._rows = max(1, ELEMENTS // self.width)
        halves = np.array([0.5, 0.5, 1.0], np.float32)[:, None, None]
        of_inputs = bias[None]
        if self._reset_after:
            of_inputs = bias[:1].copy()
            of_inputs[:, : 2 * units] += bias[1:, : 2 * units]
            of_candidate = _by_gate(bias[1:], self.width)[2] / 2
            self._candidate_bias = np.repeat(of_candidate, self._rows, axis=0)
        self._kernel = _by_gate(kernel, self.width) * halves
        self._bias = _by_gate(of_inputs, self.width) * halves
        recurrent = _by_gate(recurrent_kernel, self.width) / 2
        self._recurrent = np.pad(recurrent, [(0, 0), (0, self.width - units), (0, 0)])

    def project(self, inputs: np.ndarray) -> np.ndarray:
        """Returns what `step` takes from inputs, `(3, rows, width)`.

        Args:
            inputs: `(rows, inputs)`, or as wide as the states of a layer below.
        """
        projected = np.empty((3, len(inputs), self.width), np.float32)
        product(inputs[:, : self._kernel.shape[1]], self._kernel, projected)
        projected += self._bias
        return projected

    def step(
        self, states: np.ndarray, projected: np.ndarray, gates: np.ndarray, out: np.ndarray
    ) -> None:
        """Writes the states after one more character into `out`.

        Args:
            states: The states before, `(rows, width)`; overwritten.
            projected: Of each row's character, `(3, rows, width)`.
            gates: Space to compute in, `(3, rows, width)`.
            out: `(rows, width)`.
        """
        if self._reset_after:
            product(states, self._recurrent, gates)
        else:
            product(states, self._recurrent[:2], gates[:2])
        parts = [slice(n, n + self._rows) for n in range(0, len(states), self._rows)]
        for rows in parts:
            self._open_gates(states[rows], projected[:, rows], gates[:, rows])
            if self._reset_after:
                self._move(states[rows], projected[2, rows], gates[:, rows], out[rows])
        if not self._reset_after:
            product(gates[1], self._recurrent[2], gates[2])
            for rows in parts:
                self._move(states[rows], projected[2, rows], gates[:, rows], out[rows])

    def _open_gates(self, states: np.ndarray, projected: np.ndarray, gates: np.ndarray) -> None:
        """Computes twice the gates, and what the reset gate lets through."""
        both, reset, candidate = gates[:2], gates[1], gates[2]
        both += projected[:2]
        np.tanh(both, out=both)
        both += 1
        if self._reset_after:
            candidate += self._candidate_bias[: len(states)]
            candidate *= reset
        else:
            reset *= states

    def _move(
        self, states: np.ndarray, projected: np.ndarray, gates: np.ndarray, out: np.ndarray
    ) -> None:
        """Moves the states towards the candidate as far as the update gate is closed."""
        update, candidate = gates[0], gates[2]
        candidate += projected
        np.tanh(candidate, out=candidate)
        update *= 0.5
        states -= candidate
        states *= update
        np.add(states, candidate, out=out)


def _by_gate(weights: np.ndarray, width: int) -> np.ndarray:
    """Returns weights `(rows, 3 * units)` as `(3, rows, width)`, zeros after the units."""
    gates = np.stack(np.split(weights, 3, axis=1))
    return np.pad(gates, [(0, 0), (0, 0), (0, width - gates.shape[2])])
