"""Scores of a classifier on labelled examples: accuracy, F1, loss, and those of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hier_rnn.metrics.confusion_matrix import ConfusionMatrix, count_confusions
from hier_rnn.metrics.intervals import wilson_interval
from hier_rnn.metrics.probabilities import log_probabilities


@dataclass(frozen=True)
class ClassScores:
    """One class: how often naming it is right, how much of it is found, and how much there is."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    precision_interval: tuple[float, float]
    """95% Wilson interval, as `recall_interval`; (0, 1) where there is nothing to judge by."""
    recall_interval: tuple[float, float]


@dataclass(frozen=True)
class Scores:
    """What a classifier scores."""

    examples: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    loss: float
    per_class: tuple[ClassScores, ...]
    confusion_matrix: ConfusionMatrix

    @property
    def headline(self) -> float:
        """The score that is named first."""
        return self.accuracy

    def to_json(self) -> dict[str, Any]:
        """Returns the scores as JSON values, the classes by their labels."""
        names = ("examples", "accuracy", "macro_f1", "weighted_f1", "loss")
        per_class = map(asdict, self.per_class)
        return {
            **{name: getattr(self, name) for name in names},
            "per_class": {row.pop("label"): row for row in per_class},
            "confusion_matrix": self.confusion_matrix.to_json(),
        }


def score(targets: np.ndarray, logits: np.ndarray, labels: Sequence[str]) -> Scores:
    """Scores logits against the true classes.

    Args:
        targets: True class indices, `(examples,)`, at least one.
        logits: Unnormalized log-probabilities, `(examples, classes)`.
        labels: Name of each class.
    """
    loss = negative_log_likelihood(targets, logits)
    return score_predictions(targets, logits.argmax(axis=-1), loss, labels)


def score_predictions(
    targets: np.ndarray, predictions: np.ndarray, loss: float, labels: Sequence[str]
) -> Scores:
    """Scores predicted classes against the true ones.

    Macro-F1 is the mean over the classes that occur among targets or predictions, which is
    `sklearn.metrics.f1_score(targets, predictions, average="macro")`.

    Args:
        targets: True class indices, `(examples,)`, at least one.
        predictions: Predicted class indices, `(examples,)`.
        loss: Mean loss of the examples.
        labels: Name of each class.
    """
    matrix = count_confusions(targets, predictions, len(labels))
    hits, support, predicted = matrix.hits, matrix.support, matrix.predicted
    present = support + predicted > 0
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    return Scores(
        examples=len(targets),
        accuracy=float(np.mean(predictions == targets)),
        macro_f1=float(f1[present].mean()),
        weighted_f1=float(np.average(f1, weights=support)),
        loss=loss,
        per_class=class_scores(labels, hits, support, predicted),
        confusion_matrix=matrix,
    )


def class_scores(
    labels: Sequence[str], hits: np.ndarray, support: np.ndarray, predicted: np.ndarray
) -> tuple[ClassScores, ...]:
    """Scores each class by itself.

    Args:
        labels: Name of each class.
        hits: Examples of each that are taken for it, `(classes,)`.
        support: Examples of each, `(classes,)`.
        predicted: Examples taken for each, `(classes,)`.
    """
    columns = (
        hits / np.maximum(predicted, 1),
        hits / np.maximum(support, 1),
        2 * hits / np.maximum(support + predicted, 1),
        support,
        np.transpose(wilson_interval(hits, predicted)),
        np.transpose(wilson_interval(hits, support)),
    )
    return tuple(
        ClassScores(label, p, r, f, s, tuple(p_ends), tuple(r_ends))
        for label, p, r, f, s, p_ends, r_ends in zip(
            labels, *(column.tolist() for column in columns), strict=True
        )
    )


def negative_log_likelihood(
    targets: np.ndarray, logits: np.ndarray, temperature: float = 1.0
) -> float:
    """Returns the mean of minus the log-probability of the true class.

    Args:
        targets: True class indices, `(examples,)`.
        logits: Unnormalized log-probabilities, `(examples, classes)`.
        temperature: What logits are divided by. Default 1.
    """
    log_likelihood = log_probabilities(logits, temperature)[np.arange(len(targets)), targets]
    return float(-log_likelihood.mean())
