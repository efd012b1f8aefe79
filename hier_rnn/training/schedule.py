"""The learning rate over a run: it rises, then falls."""

from __future__ import annotations

import math
from typing import Literal


def learning_rate(
    peak: float,
    progress: float,
    warmup: float,
    schedule: Literal["cosine", "linear", "constant"],
) -> float:
    """Returns the learning rate at a point of a phase.

    Args:
        peak: The highest rate.
        progress: Share of the phase that is done, from 0 to 1.
        warmup: Share of the phase in which the rate rises, in a line.
        schedule: How it falls to 0 after that; `constant` stays.
    """
    if progress < warmup:
        return peak * progress / warmup
    rest = min((progress - warmup) / (1 - warmup), 1.0) if warmup < 1 else 1.0
    if schedule == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * rest))
    return peak * (1 - rest) if schedule == "linear" else peak
