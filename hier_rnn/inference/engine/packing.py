"""Sentences packed time-major, as `hier_rnn.packing.sentences` has them, in NumPy.

Sentences are ranked by falling length. Step `t` holds one word of every sentence that is longer
than `t`, in the order of rank, so the sentences of step `t + 1` are the first ones of step `t`, and
no padded step is ever computed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Packed(NamedTuple):
    """Where each word of each sentence lies among the packed rows."""

    sizes: np.ndarray
    """`(steps,)`: sentences that reach each step, falling."""
    ranks: np.ndarray
    """`(rows,)`: rank of the sentence that each row belongs to."""
    steps: np.ndarray
    """`(rows,)`: the step of each row, which is the word's place in its sentence."""
    mirror: np.ndarray
    """`(rows,)`: the row of the same sentence's word as far from its end as this one is from its
    beginning. Taking rows by it turns every sentence around."""


def pack(lengths: np.ndarray) -> Packed:
    """Packs sentences.

    Args:
        lengths: Words in the sentence of each rank, falling; those of no words come last.
    """
    longest = int(lengths[0]) if len(lengths) else 0
    sizes = len(lengths) - np.searchsorted(lengths[::-1], np.arange(longest), side="right")
    offsets = np.cumsum(sizes) - sizes
    steps = np.repeat(np.arange(longest), sizes)
    ranks = np.arange(len(steps)) - np.repeat(offsets, sizes)
    mirror = offsets[lengths[ranks] - 1 - steps] + ranks if longest else ranks
    return Packed(sizes, ranks, steps, mirror)
