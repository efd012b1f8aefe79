"""Counting words, exactly, in any amount of text, with a limit on the word types in memory."""

from __future__ import annotations

import heapq
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

WordCount = tuple[str, int]


class WordCounts(NamedTuple):
    """Words by descending count (ties: by spelling), and what was left out.

    Attributes:
        words: The words kept.
        counts: How often each was seen, shape `(len(words),)`.
        tokens: Words read, kept or not.
    """

    words: list[str]
    counts: np.ndarray
    tokens: int

    @property
    def pruned(self) -> int:
        """Words read that are not among those kept."""
        return self.tokens - int(self.counts.sum())

    @property
    def coverage(self) -> float:
        """Share of the tokens read that are counted here."""
        return float(self.counts.sum()) / self.tokens if self.tokens else 0.0

    def most_frequent(self, vocabulary: int, minimum_count: int = 1) -> WordCounts:
        """Returns the `vocabulary` most frequent words of those seen `minimum_count` times."""
        kept = min(vocabulary, int(np.count_nonzero(self.counts >= minimum_count)))
        return self._replace(words=self.words[:kept], counts=self.counts[:kept])


class WordCounter:
    """Counts words exactly; beyond so many types they wait on disk, sorted, and are added up last.

    Args:
        maximum_types: Word types held at once (and one text's more).
        folder: Where to, beyond that.
    """

    def __init__(self, maximum_types: int, folder: Path) -> None:
        self.tokens = 0
        self._maximum_types, self._folder = maximum_types, folder
        self._counter: Counter[str] = Counter()
        self._spilled: list[Path] = []

    def add(self, words: list[str]) -> None:
        """Counts the words of a text."""
        self._counter.update(words)
        self.tokens += len(words)
        if len(self._counter) > self._maximum_types:
            path = self._folder / f"words-{len(self._spilled)}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                write_word_counts(file, sorted(self._counter.items()))
            self._spilled.append(path)
            self._counter = Counter()

    def items(self) -> Iterator[WordCount]:
        """Yields each word with its count, in the order of their spellings."""
        return added_up([*map(read_word_counts, self._spilled), sorted(self._counter.items())])


def added_up(parts: Sequence[Iterable[WordCount]]) -> Iterator[WordCount]:
    """Yields each word once, with the sum of its counts, in the order of the spellings.

    Args:
        parts: Words with their counts, each in that order.
    """
    seen, total = "", 0
    for word, count in heapq.merge(*parts):
        if word != seen:
            if total:
                yield seen, total
            seen, total = word, 0
        total += count
    if total:
        yield seen, total


def count_words(texts: Iterable[list[str]], maximum_types: int = 1_000_000) -> WordCounts:
    """Counts words, and keeps the `maximum_types` most frequent, whatever order the texts have.

    Args:
        texts: Word lists.
        maximum_types: Word types held at once, and kept at the most; no more than these are in
            memory, and the others on disk for a while.
    """
    with tempfile.TemporaryDirectory(prefix="hier_rnn-") as folder:
        counter = WordCounter(maximum_types, Path(folder))
        for words in texts:
            counter.add(words)
        return most_frequent_words(counter.items(), counter.tokens, maximum_types)


def most_frequent_words(items: Iterable[WordCount], tokens: int, maximum_types: int) -> WordCounts:
    """Returns the most frequent words, holding no more than these.

    Args:
        items: Each word once, with its count, in any order.
        tokens: Words read.
        maximum_types: How many are kept.
    """
    kept = heapq.nsmallest(maximum_types, items, key=lambda item: (-item[1], item[0]))
    counts = np.fromiter((count for _, count in kept), np.int64, len(kept))
    return WordCounts([word for word, _ in kept], counts, tokens)


def write_word_counts(file: IO[str], items: Iterable[WordCount]) -> None:
    """Writes a line of JSON for each word, which may hold anything but white space."""
    file.writelines(json.dumps(item) + "\n" for item in items)


def read_word_counts(path: Path) -> Iterator[WordCount]:
    """Yields what `write_word_counts` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            word, count = json.loads(line)
            yield word, count
