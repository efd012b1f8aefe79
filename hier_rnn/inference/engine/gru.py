"""The GRU cell over one level of a prefix trie, in NumPy (Cho et al. 2014).

What `hier_rnn.recurrent.gru` computes, without gradient. Gates in the order of Keras: update,
reset, candidate. A gate is computed as `sigmoid(x) = (1 + tanh(x / 2)) / 2`, all gates by one call
of `tanh`, and every factor of one half is multiplied into the weights beforehand, which is exact.
"""

from __future__ import annotations

import numpy as np

from hier_rnn.inference.engine.blas import product


class GRUCell:
    """One layer's cell, in one direction.

    Args:
        kernel: `(width, 3 * units)`.
        recurrent_kernel: `(units, 3 * units)`.
        bias: `(2, 3 * units)`, for inputs and for states, then the reset gate acts after the
            recurrent product (`reset_after`); or `(3 * units,)`, then before it.
    """

    def __init__(self, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> None:
        units = len(recurrent_kernel)
        self.units, self._reset_after = units, bias.ndim == 2
        gates = np.repeat(np.array([0.5, 1.0], np.float32), [2 * units, units])
        of_inputs = bias.copy()
        if self._reset_after:
            of_inputs = bias[0].copy()
            of_inputs[: 2 * units] += bias[1][: 2 * units]
            self._candidate_bias = bias[1][2 * units :] / 2
        self._kernel, self._bias = kernel * gates, of_inputs * gates
        recurrent = recurrent_kernel / 2
        self._recurrent = recurrent
        self._gates_kernel = np.ascontiguousarray(recurrent[:, : 2 * units])
        self._candidate_kernel = np.ascontiguousarray(recurrent[:, 2 * units :])

    def project(self, inputs: np.ndarray) -> np.ndarray:
        """Returns what `step` takes from inputs `(rows, width)`: `(rows, 3 * units)`."""
        projected = np.empty((len(inputs), 3 * self.units), np.float32)
        product(inputs, self._kernel, projected)
        projected += self._bias
        return projected

    def step(
        self, states: np.ndarray, projected: np.ndarray, gates: np.ndarray, out: np.ndarray
    ) -> None:
        """Writes the states after one more character into `out`.

        Args:
            states: The states before, `(rows, units)`; overwritten.
            projected: Of each row's character, `(rows, 3 * units)`.
            gates: Space to compute in, `(rows, 3 * units)`.
            out: `(rows, units)`.
        """
        units = self.units
        both, candidate = gates[:, : 2 * units], gates[:, 2 * units :]
        update, reset = both[:, :units], both[:, units:]
        if self._reset_after:
            product(states, self._recurrent, gates)
            candidate += self._candidate_bias
        else:
            product(states, self._gates_kernel, both)
        both += projected[:, : 2 * units]
        np.tanh(both, out=both)
        both += 1  # twice the gates
        if self._reset_after:
            candidate *= reset
        else:
            reset *= states
            product(reset, self._candidate_kernel, candidate)
        candidate += projected[:, 2 * units :]
        np.tanh(candidate, out=candidate)
        update *= 0.5
        states -= candidate
        states *= update
        np.add(states, candidate, out=out)
