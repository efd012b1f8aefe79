"""Validation: the scores of a model in training on held-out examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.evaluation.metrics import Scores, score
from hier_rnn.inference.inference import Inference
from hier_rnn.sources.example import Source


def validate(
    inference: Inference,
    source: Source,
    words: Callable[[str], list[str]],
    targets: np.ndarray,
    labels: Sequence[str],
) -> tuple[Scores, np.ndarray]:
    """Returns the scores, and the logits `(examples, classes)`.

    Args:
        inference: The model.
        source: Labelled examples.
        words: Turns a text into words.
        targets: The examples' true classes, `(examples,)`.
        labels: The classes' labels.

    Raises:
        UserError: There are more or fewer examples than targets.
    """
    sentences = (words(example.text) for example in source)
    logits = np.array(list(inference.logits(sentences)))
    if len(logits) != len(targets):
        raise UserError(
            f"{source.name}: it changed while it was in use: {len(targets)} examples at first,"
            f" {len(logits)} now."
        )
    return score(targets, logits, labels), logits
