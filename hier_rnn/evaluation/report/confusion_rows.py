"""A confusion matrix to look at: similar classes beside each other, each cell with its shade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hier_rnn.metrics.confusion_matrix import ConfusionMatrix, confusion_order

LARGEST = 200
"""A matrix of more classes is not drawn: the confusions are listed."""
# Shares of a class from which an error is given the next shade: small ones are what one looks for.
_ERROR_SHADES = (0.0, 0.05, 0.15, 0.3)
_HIT_SHADES = (0.0, 0.3, 0.6, 0.85)


@dataclass(frozen=True)
class Cell:
    """How many of a row's class were taken for the column's, and its shade (CSS class)."""

    count: int
    shade: str


class ConfusionRow(NamedTuple):
    """A true class, with a cell for every predicted class."""

    label: str
    support: int
    cells: tuple[Cell, ...]


def confusion_rows(matrix: ConfusionMatrix, labels: Sequence[str]) -> Iterator[ConfusionRow]:
    """Yields the rows of a confusion matrix, confused classes beside each other.

    Args:
        matrix: Counts of at most 200 classes; of more, there are no rows.
        labels: Name of each class.
    """
    if matrix.classes > LARGEST:
        return
    counts = matrix.dense()
    order = confusion_order(counts)
    counts = counts[order][:, order]
    for i, row in enumerate(counts.tolist()):
        support = sum(row)
        cells = tuple(Cell(n, _shade(n, support, i == j)) for j, n in enumerate(row))
        yield ConfusionRow(labels[int(order[i])], support, cells)


def _shade(count: int, support: int, hit: bool) -> str:
    if count == 0:
        return ""
    thresholds = np.array(_HIT_SHADES if hit else _ERROR_SHADES)
    return f"{'f' if hit else 'a'}{np.sum(count / support > thresholds)}"
