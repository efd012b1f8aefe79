"""How sure a score is: bootstrap intervals, paired differences, and McNemar's exact test.

Drawing n examples with replacement and counting (true class, predicted class) is one multinomial
draw over the cells of the confusion matrix, so a resample costs the number of cells, however many
examples there are. For two classifiers the cells are (true, first's, second's) triples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import binomtest

from hier_rnn.metrics.intervals import LEVEL

RESAMPLES = 2000
RESAMPLES_AT_ONCE = 250
COUNTS_AT_ONCE = 4_000_000  # of the cells of all resamples that are drawn together

Statistic = Callable[[np.ndarray], np.ndarray]


class Interval(NamedTuple):
    """A value and the ends of its confidence interval."""

    value: float
    low: float
    high: float


class Intervals(NamedTuple):
    """Accuracy and F1, or their differences, each with its interval."""

    accuracy: Interval
    macro_f1: Interval
    micro_f1: Interval | None = None
    """None where a text has one label: there it is the accuracy."""

    @property
    def headline(self) -> Interval:
        """The score that is named first."""
        return self.micro_f1 or self.accuracy


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
    cells, counts = np.unique(np.stack([targets, predictions], 1), axis=0, return_counts=True)
    statistic = _accuracy_and_macro_f1(cells[:, 0], cells[:, 1])
    return resampled(statistic, counts, seed, resamples, level)


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
    cells, counts = np.unique(np.stack([targets, first, second], 1), axis=0, return_counts=True)
    of_first = _accuracy_and_macro_f1(cells[:, 0], cells[:, 1])
    of_second = _accuracy_and_macro_f1(cells[:, 0], cells[:, 2])
    return resampled(lambda n: of_second(n) - of_first(n), counts, seed, resamples, level)


def mcnemar(targets: np.ndarray, first: np.ndarray, second: np.ndarray) -> McNemar:
    """Tests whether two classifiers are right equally often (McNemar 1947, exact binomial).

    Args:
        targets: True class indices, `(examples,)`.
        first: One classifier's predictions, `(examples,)`.
        second: The other's, `(examples,)`.
    """
    return mcnemar_of(first == targets, second == targets)


def mcnemar_of(first: np.ndarray, second: np.ndarray) -> McNemar:
    """As `mcnemar`, of which examples each classifier gets right, bool `(examples,)`."""
    only_first = int(np.sum(first & ~second))
    only_second = int(np.sum(second & ~first))
    discordant = only_first + only_second
    p_value = binomtest(only_first, discordant).pvalue if discordant else 1.0
    return McNemar(only_first, only_second, float(p_value))


def resampled(
    statistic: Statistic, counts: np.ndarray, seed: int, resamples: int, level: float
) -> Intervals:
    """Returns a statistic of counts, with intervals from multinomial draws.

    Args:
        statistic: From counts `(draws, cells)` to scores `(draws, scores)`.
        counts: How many examples each cell has, `(cells,)`.
        seed: Decides the draws.
        resamples: How many draws.
        level: Share of the draws that the interval holds.
    """
    values = statistic(counts[None, :])[0]
    generator = np.random.default_rng(seed)
    at_once = max(1, min(RESAMPLES_AT_ONCE, COUNTS_AT_ONCE // len(counts)))
    draws = [
        statistic(
            generator.multinomial(
                counts.sum(), counts / counts.sum(), min(at_once, resamples - start)
            )
        )
        for start in range(0, resamples, at_once)
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail], axis=0)
    return Intervals(
        *(Interval(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True))
    )


def _accuracy_and_macro_f1(targets: np.ndarray, predictions: np.ndarray) -> Statistic:
    """Returns a function from counts `(draws, cells)` to accuracy and macro-F1, `(draws, 2)`.

    Args:
        targets: True class of each cell, `(cells,)`.
        predictions: Its predicted class, `(cells,)`.
    """
    # Sums over classes are sparse products: a dense one-hot matrix has cells times classes numbers.
    classes, indices = np.unique(np.concatenate([targets, predictions]), return_inverse=True)
    cells = np.arange(len(targets))

    def indicator(classes_of_cells: np.ndarray, values: np.ndarray) -> csr_array:
        shape = len(cells), len(classes)
        return csr_array((values, (cells, classes_of_cells)), shape)

    target, prediction = np.split(indices.ravel(), 2)
    ones = np.ones(len(cells))
    of_targets = indicator(target, ones)
    hit = indicator(target, ones * (targets == predictions))
    named = of_targets + indicator(prediction, ones)

    def statistic(counts: np.ndarray) -> np.ndarray:
        hits = counts @ hit
        present = counts @ named
        f1 = np.divide(2 * hits, present, out=np.zeros_like(present), where=present > 0)
        accuracy = hits.sum(axis=-1) / counts.sum(axis=-1)
        return np.stack([accuracy, f1.sum(axis=-1) / (present > 0).sum(axis=-1)], axis=-1)

    return statistic
