"""How sure scores of several labels are: bootstrap intervals over texts, as of one label.

Texts with the same labels that are given the same labels are one cell, and a resample is one
multinomial draw over the cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from hier_rnn.metrics.bootstrap import RESAMPLES, Intervals, Statistic, resampled
from hier_rnn.metrics.intervals import LEVEL
from hier_rnn.metrics.label_scores import same_labels


def bootstrap_labels(
    targets: sparse.csr_array,
    predictions: sparse.csr_array,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Intervals:
    """Returns subset accuracy, macro-F1 and micro-F1 with percentile bootstrap intervals.

    Args:
        targets: The labels that texts have, bool `(examples, labels)`.
        predictions: Those that they are given, bool `(examples, labels)`.
        seed: Decides the draws.
        resamples: How many draws.
        level: Share of the draws that the interval holds.
    """
    (targets, predictions), counts = _cells([targets, predictions])
    return resampled(_statistic(targets, predictions), counts, seed, resamples, level)


def paired_bootstrap_labels(
    targets: sparse.csr_array,
    first: sparse.csr_array,
    second: sparse.csr_array,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Intervals:
    """Returns second's scores minus first's, both on the same drawn texts.

    Args:
        targets: The labels that texts have, bool `(examples, labels)`.
        first: Those that one classifier gives, bool `(examples, labels)`.
        second: Those that the other gives.
        seed: Decides the draws.
        resamples: How many draws.
        level: Share of the draws that the interval holds.
    """
    (targets, first, second), counts = _cells([targets, first, second])
    of_first, of_second = _statistic(targets, first), _statistic(targets, second)
    return resampled(lambda n: of_second(n) - of_first(n), counts, seed, resamples, level)


def _cells(matrices: Sequence[sparse.csr_array]) -> tuple[list[sparse.csr_array], np.ndarray]:
    """Returns the rows that differ in any matrix, and how often each of these comes."""
    first: dict[tuple[bytes, ...], int] = {}
    counts: list[int] = []
    kept: list[int] = []
    for row in range(matrices[0].shape[0]):
        key = tuple(m.indices[m.indptr[row] : m.indptr[row + 1]].tobytes() for m in matrices)
        cell = first.setdefault(key, len(counts))
        if cell == len(counts):
            counts.append(0)
            kept.append(row)
        counts[cell] += 1
    return [matrix[kept] for matrix in matrices], np.array(counts)


def _statistic(targets: sparse.csr_array, predictions: sparse.csr_array) -> Statistic:
    """Returns a function from counts `(draws, cells)` to the three scores, `(draws, 3)`."""
    right = same_labels(targets, predictions).astype(float)
    hit = targets.multiply(predictions).tocsr().astype(float)
    named = (targets.astype(float) + predictions.astype(float)).tocsr()

    def statistic(counts: np.ndarray) -> np.ndarray:
        hits, present = counts @ hit, counts @ named
        f1 = np.divide(2 * hits, present, out=np.zeros_like(present), where=present > 0)
        accuracy = counts @ right / counts.sum(axis=-1)
        macro = f1.sum(axis=-1) / np.maximum((present > 0).sum(axis=-1), 1)
        micro = 2 * hits.sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
        return np.stack([accuracy, macro, micro], axis=-1)

    return statistic
