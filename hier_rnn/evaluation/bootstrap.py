"""How sure a score is: bootstrap intervals, paired differences, and McNemar's exact test.

Drawing n examples with replacement and counting (true class, predicted class) is one multinomial
draw over the cells of the confusion matrix, so a resample costs the number of cells, however many
examples there are. For two classifiers the cells are (true, first's, second's) triples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

RESAMPLES = 2000
LEVEL = 0.95
RESAMPLES_AT_ONCE = 250


class Interval(NamedTuple):
    """A value and the ends of its confidence interval."""

    value: float
    low: float
    high: float


class Intervals(NamedTuple):
    """Accuracy and macro-F1, or their differences, each with its interval."""

    accuracy: Interval
    macro_f1: Interval


class McNemar(NamedTuple):
    """Examples that only one of two classifiers gets right, and how surprising the imbalance is."""

    only_first: int
    only_second: int
    p_value: float


def bootstrap(
    targets: np.ndarray,
    predictions: np.ndarray,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Intervals:
    """Returns accuracy and macro-F1 with percentile bootstrap intervals (Efron 1979).

    Args:
        targets: True class indices, `(examples,)`.
        predictions: Predicted class indices, `(examples,)`.
        seed: Decides the draws.
        resamples: How many draws.
        level: Share of the draws that the interval holds.
    """

    def statistics(counts: np.ndarray, cells: np.ndarray) -> np.ndarray:
        return _accuracy_and_macro_f1(counts, cells[:, 0], cells[:, 1])

    return _resampled(statistics, (targets, predictions), seed, resamples, level)


def paired_bootstrap(
    targets: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Intervals:
    """Returns second's accuracy and macro-F1 minus first's, both on the same drawn examples.

    Args:
        targets: True class indices, `(examples,)`.
        first: One classifier's predictions, `(examples,)`.
        second: The other's, `(examples,)`.
        seed: Decides the draws.
        resamples: How many draws.
        level: Share of the draws that the interval holds.
    """

    def statistics(counts: np.ndarray, cells: np.ndarray) -> np.ndarray:
        one = _accuracy_and_macro_f1(counts, cells[:, 0], cells[:, 1])
        other = _accuracy_and_macro_f1(counts, cells[:, 0], cells[:, 2])
        return other - one

    return _resampled(statistics, (targets, first, second), seed, resamples, level)


def mcnemar(targets: np.ndarray, first: np.ndarray, second: np.ndarray) -> McNemar:
    """Tests whether two classifiers are right equally often (McNemar 1947, exact binomial).

    Args:
        targets: True class indices, `(examples,)`.
        first: One classifier's predictions, `(examples,)`.
        second: The other's, `(examples,)`.
    """
    only_first = int(np.sum((first == targets) & (second != targets)))
    only_second = int(np.sum((second == targets) & (first != targets)))
    discordant = only_first + only_second
    p_value = binomtest(only_first, discordant).pvalue if discordant else 1.0
    return McNemar(only_first, only_second, float(p_value))


def _resampled(statistics, columns, seed: int, resamples: int, level: float) -> Intervals:
    cells, counts = np.unique(np.stack(columns, axis=-1), axis=0, return_counts=True)
    values = statistics(counts[None, :], cells)[0]
    generator = np.random.default_rng(seed)
    draws = [
        statistics(
            generator.multinomial(
                counts.sum(), counts / counts.sum(), min(RESAMPLES_AT_ONCE, resamples - start)
            ),
            cells,
        )
        for start in range(0, resamples, RESAMPLES_AT_ONCE)
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail], axis=0)
    return Intervals(
        *(Interval(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True))
    )


def _accuracy_and_macro_f1(
    counts: np.ndarray, targets: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    """Returns `(draws, 2)` from the counts `(draws, cells)` of (target, prediction) cells."""
    classes = np.arange(max(targets.max(), predictions.max()) + 1)
    is_target = (targets[:, None] == classes).astype(np.float64)
    is_prediction = (predictions[:, None] == classes).astype(np.float64)
    hits = counts @ (is_target * is_prediction)
    named = counts @ (is_target + is_prediction)
    present = named > 0
    f1 = np.divide(2 * hits, named, out=np.zeros_like(named), where=present)
    accuracy = hits.sum(axis=-1) / counts.sum(axis=-1)
    return np.stack([accuracy, f1.sum(axis=-1) / present.sum(axis=-1)], axis=-1)
