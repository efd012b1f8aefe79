"""Counting words, and the contexts that words stand in, in any amount of text.

Two passes over word lists: `count_words` finds the vocabulary, with a limit on the word types in
memory; `count_contexts` then counts, all at once, each known word's neighbours near and adjacent
and the texts it stands in. Memory is bounded by options, not by the text, and what had to be left
out is in what is returned.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np
from scipy import sparse

UNKNOWN, BOUNDARY = -1, -2
ADJACENT = 2
BUFFERED_WORDS = 1_000_000
BUFFERED_PAIRS = 16_000_000


class WordCounts(NamedTuple):
    """Words by descending count (ties: by spelling), and what was left out.

    Attributes:
        words: The words kept.
        counts: How often each was seen, shape `(len(words),)`.
        tokens: Words read, kept or not.
        undercount: The most by which pruning can have lowered the count of any word.
        pruned: Tokens whose counts were forgotten to stay within the limit on word types.
    """

    words: list[str]
    counts: np.ndarray
    tokens: int
    undercount: int = 0
    pruned: int = 0

    @property
    def coverage(self) -> float:
        """Share of the tokens read that are counted here."""
        return float(self.counts.sum()) / self.tokens if self.tokens else 0.0

    def most_frequent(self, vocabulary: int, minimum_count: int = 1) -> WordCounts:
        """Returns the `vocabulary` most frequent words of those seen `minimum_count` times."""
        kept = min(vocabulary, int(np.count_nonzero(self.counts >= minimum_count)))
        return self._replace(words=self.words[:kept], counts=self.counts[:kept])


class Contexts(NamedTuple):
    """What each word of a vocabulary stands with: one row per word, one column per context.

    Attributes:
        near: Words within the window on either side, each counted 1 / distance; symmetric.
        adjacent: Words at most two places before (left half of the columns) or after (right half).
        text: Texts the word stands in, counted once each; one column per text.
        forgotten: Share of the weight of near pairs forgotten to stay within the limit.
        text_share: Share of the texts that have a column.
    """

    near: sparse.csr_matrix
    adjacent: sparse.csr_matrix
    text: sparse.csr_matrix
    forgotten: float = 0.0
    text_share: float = 1.0


def count_words(texts: Iterable[list[str]], maximum_types: int = 1_000_000) -> WordCounts:
    """Counts words with at most `maximum_types` word types (and one text's) in memory.

    Beyond the limit the rarer quarter at least is forgotten, in the manner of lossy counting (Manku
    and Motwani 2002), so a frequent word loses at most `undercount` of its count.

    Args:
        texts: Word lists.
        maximum_types: Word types held at once.
    """
    counter: Counter[str] = Counter()
    tokens = undercount = pruned = 0
    for words in texts:
        counter.update(words)
        tokens += len(words)
        if len(counter) > maximum_types:
            counts = np.fromiter(counter.values(), np.int64, len(counter))
            quarter = len(counts) // 4
            threshold = int(np.partition(counts, quarter)[quarter])
            undercount += threshold
            pruned += int(counts[counts <= threshold].sum())
            counter = Counter({word: n for word, n in counter.items() if n > threshold})
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    counts = np.fromiter((n for _, n in ranked), np.int64, len(ranked))
    return WordCounts([word for word, _ in ranked], counts, tokens, undercount, pruned)


def count_contexts(
    texts: Iterable[list[str]],
    words: list[str],
    window: int = 10,
    maximum_pairs: int = 100_000_000,
) -> Contexts:
    """Counts the contexts of known words, each text for itself.

    Unknown words are in no pair but keep their place: distances are those of the text.

    Args:
        texts: Word lists; no window reaches across two of them.
        words: The vocabulary; row `i` of each matrix is that of `words[i]`.
        window: Words of near context on either side.
        maximum_pairs: Distinct pairs held at once in each matrix (12 bytes each, twice while
            adding). Beyond it the neighbours of least weight are forgotten, and of the texts only
            every second, fourth, ... is kept.
    """
    size = len(words)
    near, adjacent = _Pairs(size, maximum_pairs), _Pairs(size, maximum_pairs)
    stood_in = _Texts(size, maximum_pairs)
    for ids in _id_chunks(texts, words, max(window, ADJACENT)):
        for distance in range(1, min(max(window, ADJACENT), len(ids) - 1) + 1):
            earlier, later = ids[:-distance], ids[distance:]
            known = (earlier >= 0) & (later >= 0)
            earlier, later = earlier[known], later[known]
            if distance <= window:
                near.add(earlier, later, 1 / distance)
            if distance <= ADJACENT:
                adjacent.add(earlier, later, 1 / distance)
        stood_in.add(ids, boundaries=max(window, ADJACENT))
    followers = adjacent.total()
    pairs = near.total()
    weight = float(pairs.data.sum(dtype=np.float64)) + near.forgotten
    return Contexts(
        near=(pairs + pairs.T).tocsr(),
        adjacent=sparse.hstack([followers.T, followers], format="csr"),
        text=stood_in.total(),
        forgotten=near.forgotten / weight if weight else 0.0,
        text_share=1 / stood_in.stride,
    )


def _id_chunks(texts: Iterable[list[str]], words: list[str], gap: int) -> Iterator[np.ndarray]:
    """Yields the ids of about `BUFFERED_WORDS` words, each text followed by `gap` boundaries."""
    identifier = {word: index for index, word in enumerate(words)}.get
    boundaries = array("i", repeat(BOUNDARY, gap))
    ids = array("i")
    for text in texts:
        ids.extend(map(identifier, text, repeat(UNKNOWN)))
        ids.extend(boundaries)
        if len(ids) >= BUFFERED_WORDS:
            yield np.frombuffer(ids, np.int32)
            ids = array("i")
    yield np.frombuffer(ids, np.int32)


class _Pairs:
    """A sum of weighted pairs of words in bounded memory."""

    def __init__(self, size: int, maximum_pairs: int) -> None:
        self.maximum_pairs = maximum_pairs
        self.forgotten = 0.0
        self._sum = sparse.csr_matrix((size, size), dtype=np.float32)
        self._buffer: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._buffered = 0

    def add(self, rows: np.ndarray, columns: np.ndarray, weight: float) -> None:
        self._buffer.append((rows, columns, np.full(len(rows), weight, np.float32)))
        self._buffered += len(rows)
        if self._buffered >= BUFFERED_PAIRS:
            self._flush()

    def total(self) -> sparse.csr_matrix:
        self._flush()
        return self._sum

    def _flush(self) -> None:
        if not self._buffered:
            return
        rows, columns, weights = (
            np.concatenate(parts) for parts in zip(*self._buffer, strict=True)
        )
        self._buffer, self._buffered = [], 0
        # Adding two matrices of the same shape keeps it sorted and summed: nothing is stored twice.
        self._sum = self._sum + sparse.csr_matrix((weights, (rows, columns)), self._sum.shape)
        excess = self._sum.nnz - self.maximum_pairs
        if excess > 0:
            # A tenth more than needed, or each of the next chunks would have to forget again.
            least = min(self._sum.nnz - 1, excess + self.maximum_pairs // 10)
            few = self._sum.data <= np.partition(self._sum.data, least)[least]
            self.forgotten += float(self._sum.data[few].sum(dtype=np.float64))
            self._sum.data[few] = 0
            self._sum.eliminate_zeros()


class _Texts:
    """Which words stand in which texts, of every `stride`-th text so that memory is bounded."""

    def __init__(self, size: int, maximum_pairs: int) -> None:
        self.stride = 1
        self._size = size
        self._maximum_pairs = maximum_pairs
        self._read = 0
        self._keys: list[np.ndarray] = []

    def add(self, ids: np.ndarray, boundaries: int) -> None:
        ends = ids == BOUNDARY
        text = self._read + np.cumsum(ends) // boundaries
        self._read += int(np.count_nonzero(ends)) // boundaries
        kept = (ids >= 0) & (text % self.stride == 0)
        self._keys.append(np.unique(text[kept] * self._size + ids[kept]))
        while sum(map(len, self._keys)) > self._maximum_pairs and self.stride < self._read:
            self.stride *= 2
            self._keys = [keys[keys // self._size % self.stride == 0] for keys in self._keys]

    def total(self) -> sparse.csr_matrix:
        text, words = np.divmod(np.concatenate(self._keys), self._size)
        shape = (self._size, -(-self._read // self.stride))
        ones = np.ones(len(words), np.float32)
        return sparse.csr_matrix((ones, (words, text // self.stride)), shape)
