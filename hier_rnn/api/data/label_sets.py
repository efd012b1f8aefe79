"""Several labels for a text as scikit-learn has them: an indicator matrix, or a list for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import is_multilabel

from hier_rnn.api.data.examples import SEVERAL, label_name, values_of
from hier_rnn.errors import UserError


class LabelSets:
    """The labels of texts of which each may have several.

    Args:
        y: An indicator matrix `(texts, labels)`, dense, sparse or a DataFrame, whose columns then
            name the labels; or a list, a tuple or a set of labels for each text.

    Attributes:
        classes: The labels: sorted, or the columns of the matrix, `(labels,)`.
        indices: The positions of each text's labels among them.
        listed: Whether they were given as lists.

    Raises:
        UserError: Something is no label, or labels are of several types.
    """

    def __init__(self, y: Any) -> None:
        matrix = _matrix(y)
        self.listed = matrix is None
        if matrix is None:
            sets = [set(values_of(labels)) for labels in values_of(y)]
            for row, labels in enumerate(sets):
                for label in labels:
                    label_name(label, f"y[{row}]")
            kinds = {type(label).__name__ for labels in sets for label in labels}
            if len(kinds) > 1:
                raise UserError(
                    f"y: labels of one type are expected. Received: {', '.join(sorted(kinds))}."
                )
            named = sorted(set().union(*sets))
            self.classes = np.array(named)
            position = {label: index for index, label in enumerate(named)}
            self.indices = [sorted(position[label] for label in labels) for labels in sets]
        else:
            columns = getattr(y, "columns", None)
            names = np.arange(matrix.shape[1]) if columns is None else np.asarray(columns)
            self.classes = names
            self.indices = [np.flatnonzero(row).tolist() for row in matrix]

    def __len__(self) -> int:
        return len(self.indices)


def is_label_sets(y: Any) -> bool:
    """Returns whether labels are those of texts that may have several."""
    return _matrix(y) is not None or _are_lists(y)


def _are_lists(y: Any) -> bool:
    if isinstance(y, (str, bytes)) or not isinstance(y, Iterable) or getattr(y, "ndim", 1) != 1:
        return False
    return any(isinstance(labels, SEVERAL) for labels in values_of(y))


def _matrix(y: Any) -> np.ndarray | None:
    """An indicator matrix as an array; None if it is something else."""
    if sparse.issparse(y):
        y = y.toarray()
    if hasattr(y, "columns") and hasattr(y, "to_numpy"):
        y = y.to_numpy()
    if isinstance(y, list) and y and all(isinstance(row, (list, tuple, np.ndarray)) for row in y):
        widths = {len(row) for row in y}
        if len(widths) > 1 or any(isinstance(value, str) for row in y for value in row):
            return None
        y = np.asarray(y)
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] > 1 and is_multilabel(y):
        return y
    return None
