"""Text handling for the models that are not hier_rnn: quick, so that it is not what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hier_rnn.text.alphabet import BOS, EOS

WINDOW = 4096  # sentences that are sorted by length together, as hier_rnn does
BATCH_WORDS = 8192


class Spelled(NamedTuple):
    """Some words, spelled."""

    characters: np.ndarray
    """Identifiers of all words' characters, one word after the other, int32."""
    lengths: np.ndarray
    """Characters in each word."""


def spell(words: Sequence[str], table: np.ndarray, marks: bool) -> Spelled:
    """Spells words that are not empty.

    Args:
        words: The words.
        table: Identifier of every Unicode code point.
        marks: Whether to put a begin and an end mark around each word.
    """
    points = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    characters = table[points]
    if marks:
        ends = np.cumsum(lengths)
        # Where a word ends and the next begins, what is inserted first comes first.
        places = np.concatenate([ends, ends - lengths])
        inserted = np.repeat(np.array([EOS, BOS], characters.dtype), len(words))
        characters, lengths = np.insert(characters, places, inserted), lengths + 2
    return Spelled(characters, lengths)


def padded(values: np.ndarray, lengths: np.ndarray, width: int | None = None) -> np.ndarray:
    """Lays rows of different lengths out in a matrix, zeros behind them.

    Args:
        values: The rows one after the other, `(sum of lengths, ...)`.
        lengths: Length of each row.
        width: Of the matrix; default, the longest row's.
    """
    width = int(lengths.max()) if width is None else width
    matrix = np.zeros((len(lengths), width, *values.shape[1:]), values.dtype)
    matrix[np.arange(width) < lengths[:, None]] = values
    return matrix


def by_length(sentences: Sequence[Sequence[str]], size: int) -> Iterator[list[int]]:
    """Yields batches of sentences of similar length, by number, as hier_rnn cuts them.

    Args:
        sentences: Each sentence's words.
        size: Sentences in a batch, at most; 16,384 words at most as well.
    """
    for start in range(0, len(sentences), WINDOW):
        window = range(start, min(start + WINDOW, len(sentences)))
        batch: list[int] = []
        words = 0
        for number in sorted(window, key=lambda n: len(sentences[n])):
            length = len(sentences[number])
            if batch and (len(batch) == size or words + length > BATCH_WORDS):
                yield batch
                batch, words = [], 0
            batch.append(number)
            words += length
        yield batch
