"""Which weights have gates, and which part of a weight a gate is.

Layouts are Keras's: a fused matrix holds its gates side by side along the last axis.

| weight | shape | gates, in order |
| --- | --- | --- |
| `gru_N/.../kernel`, `recurrent_kernel` | (inputs or units, 3 units) | update, reset, candidate |
| `gru_N/.../bias` | (2, 3 units) with `reset_after`, else (3 units,) | the same |
| `lstm_N/.../kernel`, `recurrent_kernel` | (same, 4 units) | input, forget, cell, output |
| `lstm_N/.../bias` | (4 units,) | the same |

A `reset_after` bias has two rows, one added to the input's product and one to the state's. Each is
a vector of its own here; for update and reset, only their sum matters.
"""

from __future__ import annotations

import re
from typing import Any

GATES = {"gru": ("update", "reset", "candidate"), "lstm": ("input", "forget", "cell", "output")}
_FUSED = re.compile(r"(?:.*/)?(gru|lstm)_\d+/(?:.*/)?(?:kernel|recurrent_kernel|bias)")

Index = tuple[Any, ...]  # what a NumPy array is indexed with


def gates_of(name: str) -> tuple[str, ...]:
    """Returns the gates of a weight in order, none if it has none.

    Args:
        name: Weight name.
    """
    match = _FUSED.fullmatch(name)
    return GATES[match[1]] if match else ()


def gate_blocks(name: str, shape: tuple[int, ...]) -> dict[str, list[Index]]:
    """Returns where in a weight each of its gates is.

    Args:
        name: Weight name.
        shape: The whole weight's shape.

    Returns:
        By gate, the indices of its blocks: one, or two for a `reset_after` bias (its rows). A
        weight without gates is one block, under the gate "".
    """
    gates = gates_of(name)
    if not gates:
        return {"": [(...,)]}
    width = shape[-1] // len(gates)
    rows = range(shape[0]) if name.endswith("bias") and len(shape) == 2 else (...,)
    return {
        gate: [(row, slice(place * width, (place + 1) * width)) for row in rows]
        for place, gate in enumerate(gates)
    }


def block_shape(shape: tuple[int, ...], index: Index) -> tuple[int, ...]:
    """Returns the shape of the block at `index` of a weight of that shape."""
    if index == (...,):
        return shape
    row, columns = index
    width = columns.stop - columns.start
    return (*shape[:-1], width) if row is ... else (width,)
