"""The weights of one recurrent cell, whatever its gates."""

from __future__ import annotations

from typing import NamedTuple

import keras


class CellWeights(NamedTuple):
    """A cell's weights, in Keras's layout: gates lie side by side along the last axis."""

    kernel: keras.Variable
    """`(width, gates * units)`: multiplies the inputs."""
    recurrent_kernel: keras.Variable
    """`(units, gates * units)`: multiplies the state."""
    bias: keras.Variable
    """`(gates * units,)`; for a GRU with `reset_after` `(2, gates * units)`."""

    @property
    def units(self) -> int:
        """Width of the state."""
        return int(self.recurrent_kernel.shape[0])
