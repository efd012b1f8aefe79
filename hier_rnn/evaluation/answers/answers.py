"""What evaluation does otherwise for one label and for several: the protocol `Answers`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from hier_rnn.metrics.bootstrap import Intervals
from hier_rnn.metrics.label_scores import LabelScores
from hier_rnn.metrics.scores import Scores
from hier_rnn.sources.classes import UnseenLabels
from hier_rnn.sources.example import Example

Rows: TypeAlias = Any
"""The class of each example, an array `(examples,)`; or which of several labels each has, a sparse
matrix of bool `(examples, classes)`."""
Columns: TypeAlias = dict[str, Rows]
"""What is kept of examples, by the names of `PassResult`."""


class Answers(Protocol):
    """From logits to what is kept of them, and to scores."""

    def targets(self, examples: Iterable[Example], name: str) -> Rows:
        """Reads the labels of examples, once; see `sources.classes.class_indices`."""
        ...

    def seen_targets(
        self, examples: Iterable[Example], kept: Collection[str]
    ) -> tuple[Rows, UnseenLabels]:
        """Reads the labels of those that have no others than these, and counts the others."""
        ...

    def is_seen(self, example: Example, kept: Collection[str]) -> bool:
        """Returns whether an example has no other labels than these."""
        ...

    def is_right(self, logits: np.ndarray, targets: Rows, index: int) -> bool:
        """Returns whether an example's answer is right, all of its labels.

        Args:
            logits: Its own, `(classes,)`.
            targets: The labels of all examples.
            index: Which of them it is.
        """
        ...

    def reduce(self, logits: np.ndarray, targets: Rows) -> Columns:
        """Returns what is kept of some examples.

        Args:
            logits: `(examples, classes)`.
            targets: Their labels.
        """
        ...

    def scores(
        self, targets: Rows, predictions: Rows, ranking: np.ndarray, loss: float
    ) -> Scores | LabelScores:
        """Returns the scores of predictions.

        Args:
            targets: The labels that texts have.
            predictions: Those that they are given.
            ranking: The ranking precision of each text, `(examples,)`.
            loss: Mean loss.
        """
        ...

    def intervals(self, targets: Rows, predictions: Rows, seed: int) -> Intervals:
        """Returns the scores with their bootstrap intervals."""
        ...

    def differences(self, targets: Rows, first: Rows, second: Rows, seed: int) -> Intervals:
        """Returns the second's scores minus the first's, with paired bootstrap intervals."""
        ...

    def renumbered(self, rows: Rows, numbers: np.ndarray, classes: int) -> Rows:
        """Returns labels by other numbers, those that they have among more classes."""
        ...

    def same(self, one: Rows, other: Rows) -> np.ndarray:
        """Returns which examples have the same labels in both, `(examples,)`."""
        ...

    def named(self, rows: Rows, index: int, labels: Sequence[str]) -> str:
        """Returns the name of an example's label, or those of all of them."""
        ...
