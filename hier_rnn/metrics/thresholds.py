"""From which probability a text is given a label: thresholds that are best for F1.

A threshold that few examples of a label decide fits these and no others. So to a label's own counts
those of all labels together are added, as of `PRIOR` examples more: a label that has many decides
by itself, and one that has none does as all do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from hier_rnn.metrics.calibration import TEMPERATURES
from hier_rnn.metrics.label_scores import binary_cross_entropy

STEPS = 100
"""Thresholds are looked for at the hundredths between 0 and 1."""
PRIOR = 10.0


class _Counts(NamedTuple):
    """What each threshold would give, from 0.01 to 0.99; `(labels, 99)`."""

    hits: np.ndarray
    predicted: np.ndarray
    support: np.ndarray
    """Of each label, `(labels, 1)`."""


def best_threshold(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """Returns the one threshold for all labels with the highest micro-F1.

    Args:
        targets: Which labels each example has, bool `(examples, labels)`.
        probabilities: Of each label, `(examples, labels)`.
    """
    counts = _count(targets, probabilities)
    together = _Counts(*(column.sum(0, keepdims=True) for column in counts))
    return float(_best(together)[0])


def fit_thresholds(targets: np.ndarray, probabilities: np.ndarray) -> tuple[float, ...]:
    """Returns the threshold of each label; arguments as `best_threshold`."""
    counts = _count(targets, probabilities)
    share = PRIOR / max(1, counts.support.sum())
    shrunk = _Counts(*(column + share * column.sum(0, keepdims=True) for column in counts))
    return tuple(_best(shrunk).tolist())


def fit_label_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Returns the temperature that makes the labels most likely (after Guo et al. 2017).

    Args:
        logits: Validation logits, `(examples, labels)`.
        targets: Which labels each example has, bool `(examples, labels)`.
    """
    fit = minimize_scalar(
        lambda log: binary_cross_entropy(targets, logits, np.exp(log)),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
    )
    return float(np.exp(fit.x))


def _count(targets: np.ndarray, probabilities: np.ndarray) -> _Counts:
    labels = targets.shape[1]
    # The last threshold that a probability reaches.
    edges = np.arange(1, STEPS).astype(probabilities.dtype) / probabilities.dtype.type(STEPS)
    reached = np.searchsorted(edges, probabilities, side="right")
    cells = reached + STEPS * np.arange(labels)

    def at_least(cells: np.ndarray) -> np.ndarray:
        counts = np.bincount(cells.ravel(), minlength=STEPS * labels).reshape(labels, STEPS)
        return counts[:, ::-1].cumsum(1)[:, ::-1][:, 1:]

    support = targets.sum(0)[:, None]
    return _Counts(at_least(cells[targets]), at_least(cells), support)


def _best(counts: _Counts) -> np.ndarray:
    """Returns the threshold with the highest F1; of several, the middle one."""
    f1 = 2 * counts.hits / np.maximum(counts.predicted + counts.support, 1e-9)
    best = f1 >= f1.max(1, keepdims=True) - 1e-12
    first, last = best.argmax(1), best.shape[1] - 1 - best[:, ::-1].argmax(1)
    middle = (first + last) // 2
    # Between the first and the last there may be worse ones.
    chosen = np.where(best[np.arange(len(best)), middle], middle, first)
    thresholds: np.ndarray = np.where(f1.max(1) > 0, (chosen + 1) / STEPS, 0.5)
    return thresholds
