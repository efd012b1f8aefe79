"""Scores of a classifier on labelled examples: accuracy, F1, loss, per class, confusion matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from hier_rnn.errors import UserError, nearest

if TYPE_CHECKING:
    from hier_rnn.sources.source import Example

UNKNOWN_LABELS_NAMED = 5


@dataclass(frozen=True)
class ClassScores:
    """One class: how often naming it is right, how much of it is found, and how much there is."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """What a classifier scores; `confusion_matrix[i, j]` counts class i taken for class j."""

    examples: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    loss: float
    per_class: tuple[ClassScores, ...]
    confusion_matrix: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Returns the scores as JSON values, the classes by their labels."""
        values = asdict(self)
        values["per_class"] = {row.pop("label"): row for row in values["per_class"]}
        values["confusion_matrix"] = self.confusion_matrix.tolist()
        return values


def score(targets: np.ndarray, logits: np.ndarray, labels: Sequence[str]) -> Scores:
    """Scores logits against the true classes, with scikit-learn.

    Macro-F1 is the mean over the classes that occur among targets or predictions, which is
    `sklearn.metrics.f1_score(targets, predictions, average="macro")`.

    Args:
        targets: True class indices, `(examples,)`, at least one.
        logits: Unnormalized log-probabilities, `(examples, classes)`.
        labels: Name of each class.
    """
    predictions = logits.argmax(axis=-1)
    classes = np.arange(len(labels))
    per_class = precision_recall_fscore_support(
        targets, predictions, labels=classes, zero_division=0
    )
    f1 = {
        average: float(f1_score(targets, predictions, average=average, zero_division=0))
        for average in ("macro", "weighted")
    }
    return Scores(
        examples=len(targets),
        accuracy=float(np.mean(predictions == targets)),
        macro_f1=f1["macro"],
        weighted_f1=f1["weighted"],
        loss=negative_log_likelihood(targets, logits),
        per_class=tuple(
            ClassScores(label, float(p), float(r), float(f), int(s))
            for label, p, r, f, s in zip(labels, *per_class, strict=True)
        ),
        confusion_matrix=confusion_matrix(targets, predictions, labels=classes),
    )


def negative_log_likelihood(
    targets: np.ndarray, logits: np.ndarray, temperature: float = 1.0
) -> float:
    """Returns the mean of minus the log-probability of the true class.

    Args:
        targets: True class indices, `(examples,)`.
        logits: Unnormalized log-probabilities, `(examples, classes)`.
        temperature: What logits are divided by.
    """
    log_probabilities = log_softmax(logits.astype(np.float64) / temperature, axis=-1)
    return float(-log_probabilities[np.arange(len(targets)), targets].mean())


def target_ids(examples: Iterable[Example], labels: Sequence[str], name: str) -> np.ndarray:
    """Reads the examples' labels, once, into class indices `(examples,)`.

    Args:
        examples: Labelled examples.
        labels: The classes that training saw.
        name: What to call the examples in an error.

    Raises:
        UserError: There are no examples, or labels that training never saw.
    """
    index = {label: position for position, label in enumerate(labels)}
    ids: list[int] = []
    unknown: dict[str | None, str] = {}
    for example in examples:
        position = index.get(example.label)
        if position is None:
            unknown.setdefault(example.label, example.where)
        else:
            ids.append(position)
    if unknown:
        raise UserError(_unknown_labels(unknown, labels, name))
    if not ids:
        raise UserError(f"{name}: there are no examples in it to evaluate.")
    return np.array(ids, dtype=np.int32)


def _unknown_labels(unknown: dict[str | None, str], labels: Sequence[str], name: str) -> str:
    named = [
        f"  {where}: '{label}'.{nearest(str(label), labels)}"
        for label, where in list(unknown.items())[:UNKNOWN_LABELS_NAMED]
    ]
    if len(unknown) > UNKNOWN_LABELS_NAMED:
        named.append(f"  and {len(unknown) - UNKNOWN_LABELS_NAMED} more")
    known = ", ".join(labels[:20]) + (", ..." if len(labels) > 20 else "")
    named.insert(0, f"{name}: {len(unknown)} label(s) that training never saw, first seen at")
    named.append(f"The run knows {len(labels)}: {known}.")
    return "\n".join(named)
