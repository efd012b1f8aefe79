"""Answers of several labels for a text, or none.

What is sure or unsure is the whole answer: the probability that a text has the labels that it is
given and no others, each label deciding by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from scipy import sparse

from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.evaluation.answers.answers import Columns, Rows
from hier_rnn.metrics.bootstrap import Intervals
from hier_rnn.metrics.label_bootstrap import bootstrap_labels, paired_bootstrap_labels
from hier_rnn.metrics.label_scores import (
    LabelScores,
    log_likelihoods,
    ranking_precision,
    same_labels,
    score_label_sets,
)
from hier_rnn.sources.classes import UnseenLabels, label_indicators, seen_label_indicators
from hier_rnn.sources.example import Example

NO_LABEL = "(no label)"


class SeveralLabelsAnswers:
    """Judges answers of several labels; see `Answers`.

    Args:
        labels: Name of each label.
        decision: From logits to labels.
        kept: How many of the most probable labels are kept of each example.
    """

    def __init__(self, labels: Sequence[str], decision: SeveralLabels, kept: int) -> None:
        self._labels, self._decision, self._kept = labels, decision, kept

    def targets(self, examples: Iterable[Example], name: str) -> Rows:
        """Returns the labels of each example."""
        return label_indicators(examples, self._labels, name)

    def seen_targets(
        self, examples: Iterable[Example], kept: Collection[str]
    ) -> tuple[Rows, UnseenLabels]:
        """Returns the labels of the examples that have no others than these."""
        return seen_label_indicators(examples, self._labels, kept)

    def is_seen(self, example: Example, kept: Collection[str]) -> bool:
        """Returns whether an example has no other labels than these."""
        return all(label in kept for label in example.labels)

    def is_right(self, logits: np.ndarray, targets: Rows, index: int) -> bool:
        """Returns whether an example is given its own labels and no others."""
        given = np.flatnonzero(self._decision.reached(self._decision.probabilities(logits)))
        return np.array_equal(given, _labels_of(targets, index))

    def reduce(self, logits: np.ndarray, targets: Rows) -> Columns:
        """Returns what is kept of some examples."""
        truth, temperature = targets.toarray(), self._decision.temperature
        probabilities = self._decision.probabilities(logits)
        given = self._decision.reached(probabilities)
        rows = np.arange(len(logits))[:, None]
        top = np.argpartition(-logits, self._kept - 1, axis=-1)[:, : self._kept]
        return {
            "predictions": sparse.csr_array(given),
            "correct": (given == truth).all(axis=1),
            "confidence": np.exp(log_likelihoods(given, logits, temperature)),
            "uncalibrated": np.exp(log_likelihoods(given, logits)),
            "target_probability": np.exp(log_likelihoods(truth, logits, temperature)),
            "losses": -log_likelihoods(truth, logits),
            "calibrated_losses": -log_likelihoods(truth, logits, temperature),
            "ranking": ranking_precision(truth, logits),
            "top_classes": top.astype(np.int32),
            "top_truth": truth[rows, top],
            "top_probabilities": probabilities[rows, top].astype(np.float32),
        }

    def scores(
        self, targets: Rows, predictions: Rows, ranking: np.ndarray, loss: float
    ) -> LabelScores:
        """Returns F1, hamming loss and the rest."""
        return score_label_sets(targets, predictions, ranking, loss, self._labels)

    def intervals(self, targets: Rows, predictions: Rows, seed: int) -> Intervals:
        """Returns subset accuracy, macro-F1 and micro-F1 with their intervals."""
        return bootstrap_labels(targets, predictions, seed)

    def differences(self, targets: Rows, first: Rows, second: Rows, seed: int) -> Intervals:
        """Returns the differences of these with their intervals."""
        return paired_bootstrap_labels(targets, first, second, seed)

    def renumbered(self, rows: Rows, numbers: np.ndarray, classes: int) -> Rows:
        """Returns labels by other numbers."""
        shape = rows.shape[0], classes
        renumbered = sparse.csr_array((rows.data, numbers[rows.indices], rows.indptr), shape)
        renumbered.sort_indices()
        return renumbered

    def same(self, one: Rows, other: Rows) -> np.ndarray:
        """Returns which examples have the same labels in both."""
        return same_labels(one, other)

    def named(self, rows: Rows, index: int, labels: Sequence[str]) -> str:
        """Returns the names of an example's labels, joined."""
        return ", ".join(labels[label] for label in _labels_of(rows, index)) or NO_LABEL


def _labels_of(rows: Rows, index: int) -> np.ndarray:
    labels: np.ndarray = rows.indices[rows.indptr[index] : rows.indptr[index + 1]]
    return labels
