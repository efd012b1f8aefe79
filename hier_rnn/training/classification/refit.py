"""A sentence encoder goes on reading words whose vectors have changed.

The warm start gives words other vectors than those that a given sentence encoder learnt to read.
What it takes from a word is linear in the word's vector: its input kernel. So the kernel is fitted
anew, so that it takes from the changed vectors what it took from those of before.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

RIDGE = 1e-3  # of the mean square of the vectors; keeps what the words do not decide as it was


def refit_kernels(
    kernels: Mapping[str, np.ndarray], before: np.ndarray, after: np.ndarray, counts: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns kernels that make of the changed word vectors what the given ones made of them.

    By least squares; the change of a kernel is regularized, not the kernel.

    Args:
        kernels: Input kernels by name, each `(units, columns)`.
        before: The words' vectors as they were, `(words, units)`.
        after: As they are, `(words, units)`.
        counts: How often each word was seen, `(words,)`.
    """
    weights = np.sqrt(counts.astype(np.float64))
    weights = np.sqrt(weights / weights.sum())[:, None]
    before, after = before * weights, after * weights
    normal = after.T @ after
    normal += RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal))
    change = np.linalg.solve(normal, after.T @ (before - after))
    return {name: (kernel + change @ kernel).astype(np.float32) for name, kernel in kernels.items()}
