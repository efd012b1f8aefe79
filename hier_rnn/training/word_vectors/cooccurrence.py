"""Counting the contexts that words stand in, in any amount of text.

`count_contexts` counts, all at once, each known word's neighbours near and adjacent and the texts
it stands in. Memory is bounded, whatever the text; what had to be left out is in what is returned.
All sums are of whole numbers, and so the same however the text is cut and whoever adds them up.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from hier_rnn.training.word_vectors.pair_sums import (
    FILES,
    PairSums,
    SpilledTables,
    Table,
    heaviest,
)

UNKNOWN, BOUNDARY = -1, -2
ADJACENT = 2
BUFFERED_WORDS = 1_000_000
MAXIMUM_PAIRS = 100_000_000
UNIT = 720_720  # what a neighbour counts: 1 to 16 divide it


class Contexts(NamedTuple):
    """What each word of a vocabulary stands with: one row per word, one column per context.

    Attributes:
        near: Words within the window on either side, each counted 1 / distance; symmetric.
        adjacent: Words at most two places before (left half of the columns) or after (right half).
        text: Texts the word stands in, counted once each; one column per text.
        forgotten: Share of the weight of near pairs left out to stay within the limit.
        text_share: Share of the texts that have a column.
    """

    near: sparse.csr_matrix
    adjacent: sparse.csr_matrix
    text: sparse.csr_matrix
    forgotten: float = 0.0
    text_share: float = 1.0


class ContextCounter:
    """Counts contexts of known words; `take` gives the sums so far.

    Unknown words are in no pair but keep their place: distances are those of the text.

    Args:
        words: The vocabulary.
        window: Words of near context on either side.

    Attributes:
        near: Sums of pairs within the window, the earlier word first, in units of 1 / `UNIT`.
        adjacent: Likewise of those at most two places apart.
    """

    def __init__(self, words: list[str], window: int) -> None:
        self.near, self.adjacent = PairSums(len(words)), PairSums(len(words))
        self._size, self._window = len(words), window
        self._gap = max(window, ADJACENT)
        self._identifier = {word: index for index, word in enumerate(words)}.get
        self._boundaries = array("i", repeat(BOUNDARY, self._gap))
        self._ids = array("i")
        self._numbers: list[int] = []

    @property
    def full(self) -> bool:
        """Whether as many distinct pairs are held as may be."""
        return self.near.full or self.adjacent.full

    def add(self, number: int, text: list[str]) -> np.ndarray | None:
        """Counts a text; no window reaches across two of them.

        Args:
            number: Of the text among all.
            text: Its words.

        Returns:
            Now and then, what `flush` returns.
        """
        self._ids.extend(map(self._identifier, text, repeat(UNKNOWN)))
        self._ids.extend(self._boundaries)
        self._numbers.append(number)
        return self.flush() if len(self._ids) >= BUFFERED_WORDS else None

    def flush(self) -> np.ndarray:
        """Adds what waits to the sums.

        Returns:
            Of each of the texts that waited, which words stand in it: `text * size + word`.
        """
        ids, self._ids = np.frombuffer(self._ids, np.int32), array("i")
        numbers, self._numbers = np.array(self._numbers, np.int64), []
        for distance in range(1, min(self._gap, len(ids) - 1) + 1):
            earlier, later = ids[:-distance], ids[distance:]
            known = (earlier >= 0) & (later >= 0)
            earlier, later = earlier[known], later[known]
            weight = (2 * UNIT + distance) // (2 * distance)  # rounded
            if distance <= self._window:
                self.near.add(earlier, later, weight)
            if distance <= ADJACENT:
                self.adjacent.add(earlier, later, weight)
        known = ids >= 0
        text = np.cumsum(ids == BOUNDARY)[known] // self._gap
        keys: np.ndarray = np.unique(numbers[text] * self._size + ids[known])
        return keys


class TextKeys:
    """Which words stand in which texts, of every `stride`-th text so that memory is bounded.

    Args:
        size: How many words there are.
        maximum_pairs: Pairs of text and word to keep.
    """

    def __init__(self, size: int, maximum_pairs: int) -> None:
        self.stride = 1
        self._size, self._maximum_pairs = size, maximum_pairs
        self._keys: list[np.ndarray] = []

    def add(self, keys: np.ndarray, texts: int) -> None:
        """Takes words of some more texts.

        Args:
            keys: `text * size + word`.
            texts: How many texts there are so far.
        """
        self._keys.append(self._kept(keys))
        while sum(map(len, self._keys)) > self._maximum_pairs and self.stride < texts:
            self.stride *= 2
            self._keys = [self._kept(keys) for keys in self._keys]

    def matrix(self, texts: int) -> sparse.csr_matrix:
        """Returns which words stand in which texts, given how many texts there are."""
        text, words = np.divmod(np.concatenate([np.zeros(0, np.int64), *self._keys]), self._size)
        shape = (self._size, -(-texts // self.stride))
        ones = np.ones(len(words), np.float32)
        return sparse.csr_matrix((ones, (words, text // self.stride)), shape)

    def _kept(self, keys: np.ndarray) -> np.ndarray:
        return keys if self.stride == 1 else keys[keys // self._size % self.stride == 0]


def count_contexts(
    texts: Iterable[list[str]],
    words: list[str],
    window: int = 10,
    maximum_pairs: int = MAXIMUM_PAIRS,
) -> Contexts:
    """Counts the contexts of known words, each text for itself.

    Args:
        texts: Word lists.
        words: The vocabulary; row `i` of each matrix is that of `words[i]`.
        window: Words of near context on either side.
        maximum_pairs: Distinct pairs kept in each matrix. Beyond it the neighbours of least weight
            are left out, and of the texts only every second, fourth, ... is kept.
    """
    counter = ContextCounter(words, window)
    text_keys, read = TextKeys(len(words), maximum_pairs), 0
    with tempfile.TemporaryDirectory(prefix="hier_rnn-") as folder:
        spilled = [
            SpilledTables(len(words), FILES, Path(folder), name) for name in ("near", "adjacent")
        ]
        full = False
        for read, text in enumerate(texts, 1):
            if (keys := counter.add(read - 1, text)) is not None:
                text_keys.add(keys, read)
                if counter.full:
                    full = True
                    for tables, sums in zip(spilled, (counter.near, counter.adjacent), strict=True):
                        tables.add(sums.take())
        text_keys.add(counter.flush(), read)
        taken = [counter.near.take(), counter.adjacent.take()]
        if full:
            for tables, table in zip(spilled, taken, strict=True):
                tables.add(table)
        near, adjacent = spilled if full else ([table] for table in taken)
        return contexts_of(near, adjacent, text_keys, read, len(words), maximum_pairs)


def contexts_of(
    near: Iterable[Table],
    adjacent: Iterable[Table],
    text_keys: TextKeys,
    texts: int,
    size: int,
    maximum_pairs: int = MAXIMUM_PAIRS,
) -> Contexts:
    """Returns contexts, given what was counted.

    Args:
        near: Sums of pairs within the window; no pair is in two of the tables.
        adjacent: Likewise of those at most two places apart.
        text_keys: Which words stand in which texts.
        texts: How many texts there are.
        size: How many words.
        maximum_pairs: Distinct pairs kept in each matrix.
    """
    pairs, left = heaviest(near, maximum_pairs)
    weight = int(pairs[1].sum()) + left
    together = _matrix(pairs, size)
    followers = _in_places(_matrix(heaviest(adjacent, maximum_pairs)[0], size))
    return Contexts(
        near=_in_places((together + together.T).tocsr()),
        adjacent=sparse.hstack([followers.T, followers], format="csr"),
        text=text_keys.matrix(texts),
        forgotten=left / weight if weight else 0.0,
        text_share=1 / text_keys.stride,
    )


def _matrix(table: Table, size: int) -> sparse.csr_matrix:
    keys, weights = table
    matrix = sparse.csr_matrix((weights, np.divmod(keys, size)), (size, size))
    matrix.sum_duplicates()  # sorts each row, whatever order the keys came in
    return matrix


def _in_places(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """In units of 1, as 32-bit floats."""
    data = (matrix.data / UNIT).astype(np.float32)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), matrix.shape)
