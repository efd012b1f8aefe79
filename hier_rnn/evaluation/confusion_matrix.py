"""A confusion matrix to look at: similar classes beside each other, each cell with its shade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

SMALL = 12
"""Up to so many classes keep their order: they are seen at one glance."""
# Shares of a class from which an error is given the next shade: small ones are what one looks for.
_ERROR_SHADES = (0.0, 0.05, 0.15, 0.3)
_HIT_SHADES = (0.0, 0.3, 0.6, 0.85)


class Cell(NamedTuple):
    """How many of a row's class were taken for the column's, and its shade (CSS class)."""

    count: int
    shade: str


class Row(NamedTuple):
    """A true class, with a cell for every predicted class."""

    label: str
    support: int
    cells: tuple[Cell, ...]


def confusion_order(matrix: np.ndarray) -> np.ndarray:
    """Returns an order of the classes in which those that are confused stand together.

    Args:
        matrix: Counts, `(classes, classes)`, true by predicted.
    """
    if len(matrix) <= SMALL:
        return np.arange(len(matrix))
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    distance = 1 - np.minimum(1, shares + shares.T)
    np.fill_diagonal(distance, 0)
    condensed = squareform(distance, checks=False)
    return leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed))


def confusion_rows(matrix: np.ndarray, labels: Sequence[str]) -> Iterator[Row]:
    """Yields the rows of a confusion matrix, in the order given.

    Args:
        matrix: Counts, `(classes, classes)`, true by predicted.
        labels: Name of each class.
    """
    for i, label in enumerate(labels):
        support = int(matrix[i].sum())
        cells = (Cell(int(n), _shade(n, support, i == j)) for j, n in enumerate(matrix[i]))
        yield Row(label, support, tuple(cells))


def _shade(count: int, support: int, hit: bool) -> str:
    if count == 0:
        return ""
    thresholds = _HIT_SHADES if hit else _ERROR_SHADES
    return f"{'f' if hit else 'a'}{sum(count / support > threshold for threshold in thresholds)}"
