"""The arithmetic of hier_rnn: floating-point operations in the matrix products of a batch.

Two for each multiply-add. What is not a matrix product (gates, gathers, sums) is not counted, so
the fraction of the machine's matrix-product speed is not flattered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hier_rnn.configuration.options import Configuration


class Counts(NamedTuple):
    """What there is to compute in a batch."""

    prefixes: int
    """Distinct prefixes of its words."""
    distinct_words: int
    words: int
    sentences: int


def counts(sentences: Sequence[Sequence[str]], marks: bool) -> Counts:
    """Returns what there is to compute in a batch.

    Args:
        sentences: Each sentence's words.
        marks: Whether words are read with a begin and an end mark.
    """
    distinct = {word for sentence in sentences for word in sentence}
    prefixes = len({word[:n] for word in distinct for n in range(1, len(word) + 1)})
    if marks and distinct:  # one begin mark for all, an end mark for each
        prefixes += 1 + len(distinct)
    return Counts(prefixes, len(distinct), sum(map(len, sentences)), len(sentences))


def operations(
    batch: Counts, options: Configuration, alphabet_size: int, classes: int, training: bool
) -> int:
    """Returns the floating-point operations of a batch's matrix products.

    Args:
        batch: What there is to compute.
        options: The sizes; one layer each.
        alphabet_size: Characters' identifiers: each one's embedding is projected once.
        classes: How many labels there are.
        training: With the gradients: for each product two more, to its inputs and to its weights.
    """
    characters, sentence = options.character_encoder, options.sentence_encoder
    units, width = characters.units, sentence.units
    multiplications = (
        alphabet_size * characters.embedding_dim * 3 * units
        + batch.prefixes * units * 3 * units
        + 2 * batch.distinct_words * units * 4 * width
        + 2 * batch.words * width * 4 * width
        + batch.sentences * 2 * width * classes
    )
    return 2 * multiplications * (3 if training else 1)


def spelling_operations(
    batch: Counts, options: Configuration, alphabet_size: int, dimensions: int
) -> int:
    """Returns the floating-point operations of a batch of words that learn their vectors.

    Args:
        batch: What there is to compute.
        options: The sizes; one layer.
        alphabet_size: Characters' identifiers.
        dimensions: Of the word vectors.
    """
    characters = options.character_encoder
    units = characters.units
    multiplications = (
        alphabet_size * characters.embedding_dim * 3 * units
        + batch.prefixes * units * 3 * units
        + batch.words * units * dimensions
    )
    return 2 * 3 * multiplications
