"""What the factors of the large matrix products are rounded to in training."""

from __future__ import annotations

import functools
from pathlib import Path

import tensorflow as tf

from hier_rnn.configuration.options import Precision

PROCESSOR = Path("/proc/cpuinfo")
INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}
SMALLEST = 256
"""Units from which on the products take most of the time; below, rounding takes what it saves."""


def precision_of(option: Precision, units: int) -> tf.DType | None:
    """Returns the type that factors are rounded to; None: they stay as they are.

    Args:
        option: `training.precision` or `pretraining.precision`.
        units: Of the character encoder.
    """
    if option == "auto":
        option = "bfloat16" if units >= SMALLEST and has_instructions() else "float32"
    return tf.bfloat16 if option == "bfloat16" else None


@functools.cache
def has_instructions() -> bool:
    """Returns whether the processor multiplies bfloat16 by instructions of its own.

    Where it has none, or does not tell, rounding would only cost time.
    """
    try:
        lines = PROCESSOR.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = (line.partition(":")[2].split() for line in lines if line.startswith("flags"))
    return not INSTRUCTIONS.isdisjoint(next(flags, ()))
