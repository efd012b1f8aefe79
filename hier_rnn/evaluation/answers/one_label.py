"""Answers of one label for each text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from hier_rnn.evaluation.answers.answers import Columns, Rows
from hier_rnn.metrics.bootstrap import Intervals, bootstrap, paired_bootstrap
from hier_rnn.metrics.probabilities import log_probabilities
from hier_rnn.metrics.scores import Scores, score_predictions
from hier_rnn.sources.classes import UnseenLabels, class_indices, seen_class_indices
from hier_rnn.sources.example import Example


class OneLabelAnswers:
    """Judges answers of one label; see `Answers`.

    Args:
        labels: Name of each class.
        temperature: What the run divides its logits by.
        kept: How many of the most probable classes are kept of each example.
    """

    def __init__(self, labels: Sequence[str], temperature: float, kept: int) -> None:
        self._labels, self._temperature, self._kept = labels, temperature, kept

    def targets(self, examples: Iterable[Example], name: str) -> Rows:
        """Returns the class of each example."""
        return class_indices(examples, self._labels, name)

    def seen_targets(
        self, examples: Iterable[Example], kept: Collection[str]
    ) -> tuple[Rows, UnseenLabels]:
        """Returns the classes of the examples that have one of these."""
        return seen_class_indices(examples, self._labels, kept)

    def is_seen(self, example: Example, kept: Collection[str]) -> bool:
        """Returns whether an example has one of these labels."""
        return example.label in kept

    def is_right(self, logits: np.ndarray, targets: Rows, index: int) -> bool:
        """Returns whether an example's most probable class is its own."""
        return bool(logits.argmax() == targets[index])

    def reduce(self, logits: np.ndarray, targets: Rows) -> Columns:
        """Returns what is kept of some examples."""
        rows = np.arange(len(logits))
        raw = log_probabilities(logits)
        calibrated = log_probabilities(logits, self._temperature)
        probabilities = np.exp(calibrated)
        best = logits.argmax(axis=-1)
        top = np.argpartition(-logits, self._kept - 1, axis=-1)[:, : self._kept]
        own = logits[rows, targets]
        return {
            "predictions": best,
            "correct": best == targets,
            "confidence": probabilities[rows, best],
            "uncalibrated": np.exp(raw[rows, best]),
            "target_probability": probabilities[rows, targets],
            "losses": -raw[rows, targets],
            "calibrated_losses": -calibrated[rows, targets],
            "ranking": 1 / (logits >= own[:, None]).sum(1),
            "top_classes": top.astype(np.int32),
            "top_truth": top == targets[:, None],
            "top_probabilities": probabilities[rows[:, None], top].astype(np.float32),
        }

    def scores(self, targets: Rows, predictions: Rows, ranking: np.ndarray, loss: float) -> Scores:
        """Returns accuracy, F1 and the rest."""
        return score_predictions(targets, predictions, loss, self._labels)

    def intervals(self, targets: Rows, predictions: Rows, seed: int) -> Intervals:
        """Returns accuracy and macro-F1 with their intervals."""
        return bootstrap(targets, predictions, seed)

    def differences(self, targets: Rows, first: Rows, second: Rows, seed: int) -> Intervals:
        """Returns the differences of accuracy and macro-F1 with their intervals."""
        return paired_bootstrap(targets, first, second, seed)

    def renumbered(self, rows: Rows, numbers: np.ndarray, classes: int) -> Rows:
        """Returns classes by other numbers."""
        renumbered: np.ndarray = numbers[rows]
        return renumbered

    def same(self, one: Rows, other: Rows) -> np.ndarray:
        """Returns which examples have the same class in both."""
        same: np.ndarray = np.equal(one, other)
        return same

    def named(self, rows: Rows, index: int, labels: Sequence[str]) -> str:
        """Returns the name of an example's class."""
        return labels[int(rows[index])]
