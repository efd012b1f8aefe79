"""The examples worth reading: errors, close calls, and one of each large confusion.

They are chosen by number after a pass, and their texts are then read from the source once more,
so that no more than what is shown is ever held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hier_rnn.evaluation.answers.answers import Answers
from hier_rnn.evaluation.run_pass import PassResult
from hier_rnn.metrics.confusion_matrix import ConfusionMatrix
from hier_rnn.sources.example import Example

EXAMPLES = 8
CONFUSIONS = 15
ERRORS_LISTED = 1000
LISTED_TEXT = 300  # characters of an error that is only listed


class ScoredExample(NamedTuple):
    """An example, what it was taken for, and with which probabilities."""

    where: str
    text: str
    label: str
    predicted: str
    probability: float
    label_probability: float


class ConfusedPair(NamedTuple):
    """How often one class is taken for another, of how many, and the surest such example."""

    label: str
    predicted: str
    examples: int
    support: int
    example: ScoredExample


@dataclass(frozen=True)
class Selection:
    """The examples of an evaluation that are worth reading."""

    errors: tuple[ScoredExample, ...]
    """Most confident errors, surest first."""
    close_calls: tuple[ScoredExample, ...]
    """Least confident hits, least sure first."""
    confusions: tuple[ConfusedPair, ...]
    """Most frequent first."""
    all_errors: tuple[ScoredExample, ...]
    """Up to 1,000 errors, surest first; of a text, no more than its first 300 characters."""


def select_examples(
    examples: Iterable[Example],
    result: PassResult,
    answers: Answers,
    confusion_matrix: ConfusionMatrix | None,
    labels: Sequence[str],
    count: int = EXAMPLES,
    confusions: int = CONFUSIONS,
) -> Selection:
    """Returns what is worth reading among the examples of a pass.

    Args:
        examples: The same examples once more.
        result: What the pass left.
        answers: How the answers are judged.
        confusion_matrix: How the classes are confused; None where a text may have several.
        labels: Name of each class.
        count: How many errors and how many close calls. Default 8.
        confusions: How many confusions. Default 15.
    """
    targets, predictions, confidence = result.targets, result.predictions, result.confidence
    wrong, right = np.flatnonzero(~result.correct), np.flatnonzero(result.correct)
    errors = wrong[np.argsort(-confidence[wrong], kind="stable")].tolist()
    close_calls = right[np.argsort(confidence[right], kind="stable")][:count].tolist()
    pairs, surest = [], {}
    if confusion_matrix is not None:
        pairs = confusion_matrix.errors()[:confusions]
        support = confusion_matrix.support
        surest = {(int(targets[i]), int(predictions[i])): i for i in reversed(errors)}

    whole = [*errors[:count], *close_calls, *(surest[i, j] for i, j, _ in pairs)]
    listed = errors[:ERRORS_LISTED]
    texts = fetch(examples, whole, listed)

    def scored(index: int) -> ScoredExample:
        example = texts[index]
        return ScoredExample(
            example.where,
            example.text,
            answers.named(targets, index, labels),
            answers.named(predictions, index, labels),
            float(confidence[index]),
            float(result.target_probability[index]),
        )

    return Selection(
        errors=tuple(map(scored, errors[:count])),
        close_calls=tuple(map(scored, close_calls)),
        confusions=tuple(
            ConfusedPair(labels[i], labels[j], number, int(support[i]), scored(surest[i, j]))
            for i, j, number in pairs
        ),
        all_errors=tuple(one._replace(text=_beginning(one.text)) for one in map(scored, listed)),
    )


def fetch(
    examples: Iterable[Example], whole: Iterable[int], beginnings: Iterable[int] = ()
) -> dict[int, Example]:
    """Returns the examples at some indices, reading no further than the last.

    Args:
        examples: All examples, in order.
        whole: Which of them.
        beginnings: Which of them besides, with no more of their texts than is listed.
    """
    entire = set(map(int, whole))
    wanted = entire.union(map(int, beginnings))
    found: dict[int, Example] = {}
    if not wanted:
        return found
    for index, example in enumerate(examples):
        if index in wanted:
            text = example.text if index in entire else _beginning(example.text)
            found[index] = example._replace(text=text)
            if len(found) == len(wanted):
                break
    return found


def _beginning(text: str) -> str:
    return text if len(text) <= LISTED_TEXT else text[: LISTED_TEXT - 1] + "…"
