"""Scores of a classifier whose texts have several labels, or none: F1, hamming loss, ranking.

Which labels a text has is a row of bools, `(examples, labels)`, dense or sparse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from hier_rnn.metrics.scores import ClassScores, class_scores

Indicators: TypeAlias = "np.ndarray | sparse.csr_array"


@dataclass(frozen=True)
class LabelScores:
    """What a classifier scores; each is as scikit-learn defines it."""

    examples: int
    accuracy: float
    """Share of the texts all of whose labels are right and none is missed (subset accuracy)."""
    micro_f1: float
    """F1 of all decisions together."""
    macro_f1: float
    """Mean F1 of the labels that occur among those of the texts or those given."""
    weighted_f1: float
    hamming_loss: float
    """Share of the decisions, of each label on each text, that are wrong."""
    label_ranking_average_precision: float
    """How much of what is ranked above a text's labels is its labels, on average."""
    loss: float
    """Binary cross-entropy of all labels of a text together, on average."""
    per_class: tuple[ClassScores, ...]

    @property
    def headline(self) -> float:
        """The score that is named first."""
        return self.micro_f1

    def to_json(self) -> dict[str, Any]:
        """Returns the scores as JSON values, the labels by their names."""
        values = asdict(self)
        return {**values, "per_class": {row.pop("label"): row for row in values["per_class"]}}


def score_labels(
    targets: np.ndarray, predictions: np.ndarray, logits: np.ndarray, labels: Sequence[str]
) -> LabelScores:
    """Scores predicted labels and their logits against the true ones.

    Args:
        targets: The labels that texts have, bool `(examples, labels)`, at least one example.
        predictions: Those that they are given, bool `(examples, labels)`.
        logits: `(examples, labels)`.
        labels: Name of each label.
    """
    return score_label_sets(
        sparse.csr_array(targets),
        sparse.csr_array(predictions),
        ranking_precision(targets, logits),
        binary_cross_entropy(targets, logits),
        labels,
    )


def score_label_sets(
    targets: sparse.csr_array,
    predictions: sparse.csr_array,
    ranking: np.ndarray,
    loss: float,
    labels: Sequence[str],
) -> LabelScores:
    """As `score_labels`, from what is kept of logits.

    Args:
        targets: The labels that texts have, `(examples, labels)`, at least one example.
        predictions: Those that they are given, `(examples, labels)`.
        ranking: The ranking's average precision of each text, `(examples,)`.
        loss: Mean loss of the examples.
        labels: Name of each label.
    """
    hit = targets.multiply(predictions).tocsr()
    hits, support, predicted = (counts_of(matrix) for matrix in (hit, targets, predictions))
    present = support + predicted > 0
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    named = support.sum() + predicted.sum()
    return LabelScores(
        examples=targets.shape[0],
        accuracy=float(np.mean(same_labels(targets, predictions))),
        micro_f1=float(2 * hits.sum() / max(named, 1)),
        macro_f1=float(f1[present].mean()) if present.any() else 0.0,
        weighted_f1=float(np.average(f1, weights=support)) if support.any() else 0.0,
        hamming_loss=float((named - 2 * hits.sum()) / np.prod(targets.shape)),
        label_ranking_average_precision=float(ranking.mean()),
        loss=loss,
        per_class=class_scores(labels, hits, support, predicted),
    )


def counts_of(indicators: sparse.csr_array) -> np.ndarray:
    """Returns how many texts have each label, `(labels,)`."""
    counts: np.ndarray = np.bincount(indicators.indices, minlength=indicators.shape[1])
    return counts


def same_labels(one: sparse.csr_array, other: sparse.csr_array) -> np.ndarray:
    """Returns which texts have the same labels in both, `(examples,)`."""
    shared = np.diff(one.multiply(other).tocsr().indptr)
    same: np.ndarray = (shared == np.diff(one.indptr)) & (shared == np.diff(other.indptr))
    return same


def ranking_precision(targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Returns each text's label ranking average precision, `(examples,)`.

    Of each label that a text has: the share of the text's labels among those ranked as high or
    higher (Schapire and Singer 2000). A text that has none or all has a perfect ranking.

    Args:
        targets: Bool `(examples, labels)`.
        logits: `(examples, labels)`.
    """
    order = np.argsort(-logits, axis=1, kind="stable")
    ranked = np.take_along_axis(logits, order, 1)
    hits = np.take_along_axis(targets, order, 1)
    # Labels as high as each other stand together: their rank is that of the last of them.
    ends = np.ones_like(hits)
    ends[:, :-1] = ranked[:, 1:] < ranked[:, :-1]
    places = np.where(ends, np.arange(logits.shape[1]), logits.shape[1])
    last = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(hits.cumsum(1), last, 1)
    shares = np.where(hits, found / (last + 1), 0).sum(1)
    support = targets.sum(1)
    precision: np.ndarray = np.where(support > 0, shares / np.maximum(support, 1), 1.0)
    return precision


def log_likelihoods(
    indicators: np.ndarray, logits: np.ndarray, temperature: float = 1.0
) -> np.ndarray:
    """Returns the log-probability that a text has just these labels, `(examples,)`.

    Args:
        indicators: Bool `(examples, labels)`.
        logits: `(examples, labels)`.
        temperature: What logits are divided by. Default 1.
    """
    scaled = logits.astype(np.float64) / temperature
    likelihoods: np.ndarray = -np.logaddexp(0, np.where(indicators, -scaled, scaled)).sum(1)
    return likelihoods


def binary_cross_entropy(
    targets: np.ndarray, logits: np.ndarray, temperature: float = 1.0
) -> float:
    """Returns the mean of minus the log-probability of a text's labels; as `log_likelihoods`."""
    return float(-log_likelihoods(targets, logits, temperature).mean())
