"""The examples worth reading: confident errors, close calls, and one of each large confusion.

They are chosen by number after a pass, and their texts are then read from the source once more,
so that no more than what is shown is ever held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hier_rnn.evaluation.calibration import probabilities
from hier_rnn.evaluation.observation import Observations

if TYPE_CHECKING:
    from hier_rnn.sources.source import Example

EXAMPLES = 8
CONFUSIONS = 15


class Judged(NamedTuple):
    """An example, what it was taken for, and with which probabilities."""

    where: str
    text: str
    label: str
    predicted: str
    probability: float
    label_probability: float


class Confusion(NamedTuple):
    """How often one class is taken for another, of how many, and the surest such example."""

    label: str
    predicted: str
    examples: int
    support: int
    example: Judged


@dataclass(frozen=True)
class Chosen:
    """The examples of an evaluation that are worth reading."""

    errors: tuple[Judged, ...]
    """Most confident errors, surest first."""
    close_calls: tuple[Judged, ...]
    """Least confident hits, least sure first."""
    confusions: tuple[Confusion, ...]
    """Largest first."""


def choose(
    examples: Iterable[Example],
    observations: Observations,
    confusion_matrix: np.ndarray,
    labels: Sequence[str],
    temperature: float,
    count: int = EXAMPLES,
    confusions: int = CONFUSIONS,
) -> Chosen:
    """Returns what is worth reading among the examples of a pass.

    Args:
        examples: The same examples once more.
        observations: What the pass left.
        confusion_matrix: `(classes, classes)`, true class by predicted class.
        labels: Name of each class.
        temperature: What the run divides its logits by.
        count: How many errors and how many close calls.
        confusions: How many confusions.
    """
    targets, predictions = observations.targets, observations.predictions
    class_probabilities = probabilities(observations.logits, temperature)
    confidence = class_probabilities.max(axis=-1)
    wrong = np.flatnonzero(predictions != targets)
    right = np.flatnonzero(predictions == targets)
    errors = wrong[np.argsort(-confidence[wrong], kind="stable")]
    close_calls = right[np.argsort(confidence[right], kind="stable")][:count]

    mistaken = confusion_matrix * (1 - np.eye(len(labels), dtype=confusion_matrix.dtype))
    cells = np.argsort(-mistaken, axis=None, kind="stable")[:confusions]
    pairs = [divmod(cell, len(labels)) for cell in cells.tolist() if mistaken.flat[cell]]
    surest = {}
    for error in errors[::-1]:
        surest[targets[error], predictions[error]] = error

    shown = [*errors[:count], *close_calls, *(surest[pair] for pair in pairs)]
    found = fetch(examples, shown)

    def judged(index: int) -> Judged:
        target, prediction = targets[index], predictions[index]
        return Judged(
            found[index].where,
            found[index].text,
            labels[target],
            labels[prediction],
            float(confidence[index]),
            float(class_probabilities[index, target]),
        )

    return Chosen(
        errors=tuple(map(judged, errors[:count])),
        close_calls=tuple(map(judged, close_calls)),
        confusions=tuple(
            Confusion(
                labels[i],
                labels[j],
                int(mistaken[i, j]),
                int(confusion_matrix[i].sum()),
                judged(surest[i, j]),
            )
            for i, j in pairs
        ),
    )


def fetch(examples: Iterable[Example], indices: Iterable[int]) -> dict[int, Example]:
    """Returns the examples at some indices, reading no further than the last.

    Args:
        examples: All examples, in order.
        indices: Which of them.
    """
    wanted = set(map(int, indices))
    found: dict[int, Example] = {}
    if not wanted:
        return found
    for index, example in enumerate(examples):
        if index in wanted:
            found[index] = example
            if len(found) == len(wanted):
                break
    return found
