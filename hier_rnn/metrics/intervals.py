"""Confidence intervals of proportions (Wilson 1927)."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

LEVEL = 0.95


def wilson_interval(
    hits: np.ndarray, trials: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the ends of the intervals of `hits / trials`; 0 and 1 where there are no trials.

    Args:
        hits: How often it happened, `(...)`.
        trials: Of how many, `(...)`.
        level: Share of such intervals that hold the true proportion. Default 0.95.
    """
    z = ndtri((1 + level) / 2)
    n = np.maximum(trials, 1)
    share = hits / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # In exact arithmetic the ends of 0 and 1 hits are 0 and 1.
    low = np.where(hits == 0, 0.0, centre - half)
    high = np.where(hits == trials, 1.0, centre + half)
    return low, high
