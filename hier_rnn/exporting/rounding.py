"""Weights in fewer bits: what is stored, and the numbers that it stands for.

Only matrices are rounded; biases and initial states are few, and stay as they are. What an 8 bit
weight stands for fits into 16 bits, so that a file of half-precision numbers can hold the very
same weights as a graph of integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from hier_rnn.errors import UserError

Precision = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")
MATRICES = ("kernel", "embedding")  # how the names of weights that are rounded end
LARGEST = 127  # of an 8 bit weight, so that zero is in the middle
SCALE_BITS = 4  # 7 bits of a weight and 4 of a scale make the 11 that float16 has
SMALLEST_SCALE = 2.0**-20  # its last bit is still one that float16 has


class StoredWeight(NamedTuple):
    """A weight as it is stored."""

    stored: np.ndarray
    """float32, float16 or int8."""
    scale: np.ndarray | None = None
    """float32 `(1, columns)`: what the numbers of a column are multiplied by; None for one."""

    @property
    def narrow(self) -> np.ndarray:
        """What it stands for in the narrowest type that a weights file has, float32 or float16."""
        return self.values.astype(np.float32 if self.stored.dtype == np.float32 else np.float16)

    @property
    def values(self) -> np.ndarray:
        """What it stands for, float32."""
        values = self.stored.astype(np.float32)
        return values if self.scale is None else values * self.scale


def store_weights(
    weights: Mapping[str, np.ndarray], precision: Precision
) -> dict[str, StoredWeight]:
    """Returns the weights as they are stored.

    Args:
        weights: float32, by name.
        precision: Of the matrices.

    Raises:
        UserError: A weight is too large for float16.
    """
    stored = {}
    for name, values in weights.items():
        stored[name] = STORE[precision](values) if name.endswith(MATRICES) else StoredWeight(values)
        with np.errstate(over="ignore"):
            finite = np.isfinite(stored[name].narrow).all()
        if not finite:
            raise UserError(
                f"weights: '{name}' holds numbers up to {np.abs(values).max():g}, which {precision}"
                " can't. Accepted for this run: float32."
            )
    return stored


def _float16(values: np.ndarray) -> StoredWeight:
    with np.errstate(over="ignore"):  # told with the weight's name
        return StoredWeight(values.astype(np.float16))


def _int8(values: np.ndarray) -> StoredWeight:
    """Rounds each column by itself, whose scale has few bits and is never too small."""
    largest = np.abs(values).max(0, keepdims=True)
    fraction, exponent = np.frexp(np.maximum(largest / LARGEST, SMALLEST_SCALE))
    steps = np.ceil(fraction * (1 << SCALE_BITS))
    scale = np.ldexp(steps, exponent - SCALE_BITS).astype(np.float32)
    return StoredWeight(np.rint(values / scale).astype(np.int8), scale)


STORE: dict[Precision, Callable[[np.ndarray], StoredWeight]] = {
    "float32": StoredWeight,
    "float16": _float16,
    "int8": _int8,
}
