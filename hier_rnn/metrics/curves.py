"""Scores as curves: precision and recall, and accuracy against what makes a text hard."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hier_rnn.metrics.intervals import wilson_interval

CURVE_POINTS = 200
LENGTH_SLICES = 8
CLASSES_DRAWN = 3
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
    truth: np.ndarray,
    classes: np.ndarray,
    probabilities: np.ndarray,
    support: np.ndarray,
    labels: Sequence[str],
) -> tuple[PrecisionRecall, ...]:
    """Returns the curve of all decisions together, then those of the classes that do worst.

    Each example comes with its most probable classes, of which there may be fewer than there are
    classes: that a text is of any other class is then never claimed, however low the threshold.

    Args:
        truth: Whether each example is of these classes, bool `(examples, kept)`.
        classes: Most probable classes of each example, `(examples, kept)`.
        probabilities: Their probabilities, `(examples, kept)`.
        support: Examples of each class, `(classes,)`.
        labels: Name of each class.
    """
    total = int(support.sum())
    together = _precision_recall("all classes", truth.ravel(), probabilities.ravel(), total)
    # The decisions about one class stand side by side.
    order = np.argsort(classes, axis=None, kind="stable")
    present = np.flatnonzero(support)
    of_class = classes.ravel()[order]
    starts = np.searchsorted(of_class, present, "left")
    ends = np.searchsorted(of_class, present, "right")
    ranked = []
    for position, total, start, end in zip(
        present.tolist(), support[present], starts, ends, strict=True
    ):
        decisions = order[start:end]
        ranking = truth.ravel()[decisions], probabilities.ravel()[decisions], int(total)
        ranked.append((_average_precision(*_ranked(*ranking)), labels[position], ranking))
    ranked.sort(key=lambda entry: entry[0])
    hardest = (_precision_recall(name, *ranking) for _, name, ranking in ranked[:CLASSES_DRAWN])
    return (together, *hardest)


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


def _ranked(
    truth: np.ndarray, scores: np.ndarray, total: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns recall, precision and hits at each distinct score, from the highest down.

    Args:
        truth: Whether each decision is right, `(decisions,)`.
        scores: Its probability, `(decisions,)`.
        total: How many there are to find.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-1.0))
    hits = np.cumsum(truth[order])[ends]
    return hits / total, hits / (ends + 1), hits


def _average_precision(recall: np.ndarray, precision: np.ndarray, hits: np.ndarray) -> float:
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _precision_recall(
    name: str, truth: np.ndarray, scores: np.ndarray, total: int
) -> PrecisionRecall:
    recall, precision, hits = _ranked(truth, scores, total)
    average = _average_precision(recall, precision, hits)
    # Between two hits precision only falls: the ends of such a stretch draw it.
    kept = np.flatnonzero((np.diff(hits, prepend=-1) > 0) | (np.diff(hits, append=-1) != 0))
    if len(kept) > CURVE_POINTS:
        kept = kept[np.linspace(0, len(kept) - 1, CURVE_POINTS).round().astype(int)]
    return PrecisionRecall(
        name, average, (0.0, *recall[kept].tolist()), (1.0, *precision[kept].tolist())
    )


def _slice(name: str, correct: np.ndarray) -> Slice:
    hits, examples = correct.sum(), len(correct)
    low, high = wilson_interval(hits, np.asarray(examples))
    return Slice(name, examples, float(hits / examples), float(low), float(high))
