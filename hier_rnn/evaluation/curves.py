"""Scores as curves: precision and recall, and accuracy against what makes a text hard."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_recall_curve

CURVE_POINTS = 200
LENGTH_SLICES = 8
CLASSES_DRAWN = 5
UNSEEN_EDGES = (0.0, 0.1, 0.25, 0.5, 1.0)


class PrecisionRecall(NamedTuple):
    """Precision at every recall of one class against the rest, or of all decisions together."""

    name: str
    average_precision: float
    recall: tuple[float, ...]
    precision: tuple[float, ...]


class Slice(NamedTuple):
    """Accuracy, with its 95% Wilson interval, of the examples that have something in common."""

    name: str
    examples: int
    accuracy: float
    low: float
    high: float


def precision_recall(
    targets: np.ndarray, probabilities: np.ndarray, labels: Sequence[str]
) -> tuple[PrecisionRecall, ...]:
    """Returns the curve of all decisions together, then those of the classes that do worst.

    Args:
        targets: True class indices, `(examples,)`.
        probabilities: Class probabilities, `(examples, classes)`.
        labels: Name of each class.
    """
    truth = targets[:, None] == np.arange(len(labels))
    classes = [
        _precision_recall(label, truth[:, i], probabilities[:, i])
        for i, label in enumerate(labels)
        if truth[:, i].any()
    ]
    classes.sort(key=lambda curve: curve.average_precision)
    together = _precision_recall("all classes", truth.ravel(), probabilities.ravel())
    return (together, *classes[:CLASSES_DRAWN])


def accuracy_by_length(lengths: np.ndarray, correct: np.ndarray) -> tuple[Slice, ...]:
    """Returns accuracy by words in the text, in slices of about as many examples each.

    Args:
        lengths: Words of each example, `(examples,)`.
        correct: Whether each is classified right, `(examples,)`.
    """
    inner = np.quantile(lengths, np.linspace(0, 1, LENGTH_SLICES + 1)[1:-1], method="lower")
    uppers = np.unique([*inner, lengths.max()])
    lowers = np.array([lengths.min(), *(uppers[:-1] + 1)])
    return tuple(
        _slice(f"{low}" if low == high else f"{low}–{high}", correct[members])
        for low, high in zip(lowers, uppers, strict=True)
        if (members := (lengths >= low) & (lengths <= high)).any()
    )


def accuracy_by_unseen_share(unseen: np.ndarray, correct: np.ndarray) -> tuple[Slice, ...]:
    """Returns accuracy by the share of a text's words that training never saw.

    Args:
        unseen: That share of each example, `(examples,)`.
        correct: Whether each is classified right, `(examples,)`.
    """
    slices = [("none", unseen <= 0)]
    for low, high in pairwise(UNSEEN_EDGES):
        name = f"to {high:.0%}" if low == 0 else f"{low:.0%}–{high:.0%}"
        slices.append((name, (unseen > low) & (unseen <= high)))
    return tuple(_slice(name, correct[members]) for name, members in slices if members.any())


def _precision_recall(name: str, truth: np.ndarray, scores: np.ndarray) -> PrecisionRecall:
    precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
    kept = np.unique(np.linspace(0, len(recall) - 1, CURVE_POINTS).round().astype(int))
    return PrecisionRecall(
        name,
        float(average_precision_score(truth, scores)),
        tuple(recall[kept].tolist()),
        tuple(precision[kept].tolist()),
    )


def _slice(name: str, correct: np.ndarray) -> Slice:
    hits, examples = int(correct.sum()), len(correct)
    interval = binomtest(hits, examples).proportion_ci(method="wilson")
    return Slice(name, examples, hits / examples, float(interval.low), float(interval.high))
