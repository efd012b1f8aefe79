"""The values of words, whatever they are computed from: known ones looked up, new ones computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np

from hier_rnn.inference.word_cache import WordCache

AT_ONCE = 4096  # words that are spelled out together, each thread
AT_LEAST = 128  # fewer are not worth a thread of their own


class WordValues:
    """Looks words up, and computes those that are new.

    Args:
        compute: From words to their values, in blocks `(rows, width)`: a pure function. A block is
            copied before the next one is asked for, so that small ones stay in the processor's
            cache.
        width: Numbers in a word's value.
        capacity: Of the cache; default, what fits in its memory.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[str]], Iterable[np.ndarray]],
        width: int,
        capacity: int | None = None,
    ) -> None:
        self.cache = WordCache(width, capacity)
        self._compute = compute

    def __call__(self, words: Sequence[str], threads: int, pool: Executor | None) -> np.ndarray:
        """Returns the words' values, `(words, width)`.

        Args:
            words: Distinct words.
            threads: How many may compute side by side.
            pool: Where they do; None for the caller's thread alone.
        """
        values = np.empty((len(words), self.cache.width), np.float32)
        unknown = self.cache.get(words, values)
        if not len(unknown):
            return values
        # Neighbours in the alphabet share their prefixes.
        new = sorted(unknown.tolist(), key=words.__getitem__)

        def compute(part: list[int]) -> None:
            spelled, places = [words[place] for place in part], np.array(part)
            done = 0
            for block in self._compute(spelled):
                rows = slice(done, done + len(block))
                values[places[rows]] = block
                self.cache.put(spelled[rows], block)
                done = rows.stop

        parts = _parts(new, threads)
        if pool is None or len(parts) == 1:
            for part in parts:
                compute(part)
        else:
            list(pool.map(compute, parts))
        return values


def _parts(words: list[int], threads: int) -> list[list[int]]:
    """Cuts words into as many parts as threads, or more where parts would be too large."""
    count = min(threads, max(1, len(words) // AT_LEAST))
    count *= -(-len(words) // (count * AT_ONCE))
    bounds = [len(words) * number // count for number in range(count + 1)]
    return [words[start:end] for start, end in pairwise(bounds)]
