"""`neighbours`: the known words whose vectors are nearest to those of any spelling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hier_rnn.inference.encoder import Encoder
from hier_rnn.inference.word_vector_map import learnt_vectors
from hier_rnn.text.subtokens import content_subtokens, subtokens

KNOWN_WORDS = 50_000


def neighbours(
    directory: str | Path, words: Sequence[str], count: int = 10, verify: bool = True
) -> list[list[tuple[str, float]]]:
    """Returns the known words nearest to each word, with their cosines, the nearest first.

    Known are the most frequent words of the text that the encoder learnt from, each in its most
    frequent spelling: `Movie.` and `movie` are one. Compared is what the encoder learnt to spell,
    word vectors, if that was its objective; else its own vectors.

    Args:
        directory: An encoder directory, or a run directory.
        words: Any spellings; a word is not its own neighbour.
        count: Neighbours of each word. Default 10.
        verify: Whether the directory's files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """
    encoder = Encoder(Path(directory), verify)
    by_meaning: dict[tuple[str, ...], str] = {}
    for word in encoder.directory.read_vocabulary():
        by_meaning.setdefault(tuple(content_subtokens(subtokens(word))), word)
    known = list(by_meaning.values())[:KNOWN_WORDS]
    vectors = learnt_vectors(encoder, [*known, *words])
    cosines = vectors[len(known) :] @ vectors[: len(known)].T
    return [_nearest(word, known, row, count) for word, row in zip(words, cosines, strict=True)]


def _nearest(
    word: str, known: list[str], cosines: np.ndarray, count: int
) -> list[tuple[str, float]]:
    ranked = ((known[i], float(cosines[i])) for i in np.argsort(-cosines)[: count + 1])
    return [(other, cosine) for other, cosine in ranked if other != word][:count]
