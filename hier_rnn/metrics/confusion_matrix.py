"""Which classes are taken for which: counts of the pairs that occur, and no others.

A matrix of ten thousand classes has a hundred million cells, of which no more can be in use than
there are examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

DENSE_CLASSES = 1000
"""Up to so many classes the matrix is written in full; beyond, only the cells in use are."""
SMALL = 12
"""Up to so many classes keep their order: they are seen at one glance."""


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Counts by true and by predicted class, ordered by these two.

    Args:
        classes: How many classes there are.
        targets: True class of each cell in use, `(cells,)`.
        predictions: Its predicted class, `(cells,)`.
        counts: Its examples, `(cells,)`, each at least 1.
    """

    classes: int
    targets: np.ndarray
    predictions: np.ndarray
    counts: np.ndarray

    @property
    def support(self) -> np.ndarray:
        """Examples of each true class, `(classes,)`."""
        return self._sums(self.targets, self.counts)

    @property
    def predicted(self) -> np.ndarray:
        """Examples taken for each class, `(classes,)`."""
        return self._sums(self.predictions, self.counts)

    @property
    def hits(self) -> np.ndarray:
        """Examples of each class that are taken for what they are, `(classes,)`."""
        return self._sums(self.targets, self.counts * (self.targets == self.predictions))

    def errors(self) -> list[tuple[int, int, int]]:
        """Returns (true class, predicted class, count) of what is confused, most frequent first."""
        wrong = np.flatnonzero(self.targets != self.predictions)
        order = wrong[np.argsort(-self.counts[wrong], kind="stable")]
        columns = (self.targets[order], self.predictions[order], self.counts[order])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def dense(self) -> np.ndarray:
        """Returns the counts as `(classes, classes)`, true by predicted."""
        matrix = np.zeros((self.classes, self.classes), dtype=np.int64)
        matrix[self.targets, self.predictions] = self.counts
        return matrix

    def to_json(self) -> list[list[int]] | dict[str, Any]:
        """Returns the rows of the matrix; beyond 1,000 classes, the cells in use.

        These are `{"classes": N, "cells": [[true, predicted, count], ...]}`, classes by their
        position among `labels`.
        """
        if self.classes <= DENSE_CLASSES:
            rows: list[list[int]] = self.dense().tolist()
            return rows
        cells = np.stack([self.targets, self.predictions, self.counts], axis=1)
        return {"classes": self.classes, "cells": cells.tolist()}

    def _sums(self, classes: np.ndarray, counts: np.ndarray) -> np.ndarray:
        sums = np.zeros(self.classes, dtype=np.int64)
        np.add.at(sums, classes, counts)
        return sums


def count_confusions(targets: np.ndarray, predictions: np.ndarray, classes: int) -> ConfusionMatrix:
    """Counts examples by true and predicted class.

    Args:
        targets: True class indices, `(examples,)`.
        predictions: Predicted class indices, `(examples,)`.
        classes: How many classes there are.
    """
    cells, counts = np.unique(targets.astype(np.int64) * classes + predictions, return_counts=True)
    return ConfusionMatrix(classes, cells // classes, cells % classes, counts)


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
    order: np.ndarray = leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed))
    return order
