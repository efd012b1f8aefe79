"""Validation: the scores of a model in training on held-out examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.evaluation.metrics import Scores, score
from hier_rnn.prediction.inference import Inference
from hier_rnn.sources.example import Example, Source


def validate(
    inference: Inference,
    source: Source,
    words: Callable[[str], list[str]],
    labels: list[str],
) -> tuple[Scores, np.ndarray, np.ndarray]:
    """Returns the scores, the logits `(examples, classes)` and the true classes `(examples,)`.

    Args:
        inference: The model.
        source: Labelled examples.
        words: Turns a text into words.
        labels: The classes' labels.

    Raises:
        UserError: A label that training never saw.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    targets: list[int] = []

    def sentences() -> Iterator[list[str]]:
        for example in source:
            targets.append(class_of(example, numbers))
            yield words(example.text)

    logits = np.array(list(inference.logits(sentences())))
    truth = np.array(targets)
    return score(truth, logits, labels), logits, truth


def class_of(example: Example, numbers: dict[str, int]) -> int:
    """Returns the class of an example.

    Raises:
        UserError: Its label is none that training saw.
    """
    try:
        return numbers[example.label]
    except KeyError:
        raise UserError(
            f"{example.where}: label '{example.label}' does not occur in the training data."
            f"{nearest(str(example.label), numbers)} Its labels: {', '.join(numbers)}."
        ) from None
