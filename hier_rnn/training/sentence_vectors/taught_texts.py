"""What the objective `sentence-vectors` learns from: texts and a teacher's vector for each.

Texts and vectors stay where they are and are read anew each epoch; kept is what one pass over them
finds out, and the texts held out for validation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hier_rnn.sources.source import Source
from hier_rnn.storage.weights.target_vectors import TargetVectors
from hier_rnn.text.tokenizer import Tokenizer

EVALUATED_TEXTS = 2000


class CountedTexts(NamedTuple):
    """What was found out about the texts.

    Attributes:
        words: Distinct words by descending count.
        counts: How often each is seen, `(words,)`.
        characters: Characters in the order of their ids.
        texts: How many texts there are.
        held_out: Texts for validation.
        metadata: Figures on the counting by name.
    """

    words: list[str]
    counts: np.ndarray
    characters: list[str]
    texts: int
    held_out: list[str]
    metadata: dict[str, float]


class TaughtTexts(NamedTuple):
    """Texts to learn, and what they are to be read as."""

    source: Source
    words: Tokenizer
    """Turns a text into words."""
    vectors: TargetVectors
    """The teacher's, row for row."""
    counted: CountedTexts


def held_out_share(share: float, texts: int) -> float:
    """Returns which share of the texts to hold out: what is asked for, or 2,000 if that is less."""
    return min(share, EVALUATED_TEXTS / texts)


def is_held_out(row: int, share: float) -> bool:
    """Whether a text is held out; those that are lie evenly spread.

    Args:
        row: The text's place.
        share: Of the texts.
    """
    return int((row + 1) * share) > int(row * share)
