"""What is known of the words met before: a word is spelled out once, and not again."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

CACHE_BYTES = 256 << 20
# What a word takes beside its value: its characters, its place in the table, both ways.
WORD_BYTES = 350
WORD_CHARACTERS = 64  # longer ones are not kept: they are rare, and could be of any length


class WordCache:
    """A value for each of the words met so far, in memory of bounded size.

    Any number of threads may use it. Values are copied out and in, so nobody sees another's; what
    two threads find out about the same word is the same. A word that comes to a full cache takes
    the place of any other, so that no order of words can make it forget all it needs.

    Args:
        width: Numbers in a word's value.
        capacity: Words that are kept; default, what fits in 256 MiB, all that belongs to them
            counted.
    """

    def __init__(self, width: int, capacity: int | None = None) -> None:
        self.width = width
        self.capacity = capacity or CACHE_BYTES // (4 * width + WORD_BYTES)
        self._start()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._words: list[str] = []
        # Memory that is not written to is not taken yet.
        self._table = np.empty((self.capacity, self.width), np.float32)
        self._random = random.Random(0)

    def __len__(self) -> int:
        return len(self._words)

    def get(self, words: Sequence[str], out: np.ndarray) -> np.ndarray:
        """Writes the values of the words that are known into `out`.

        Args:
            words: Distinct words.
            out: `(words, width)`.

        Returns:
            Which words are not known, `(unknown,)`.
        """
        with self._lock:
            rows = np.fromiter((self._rows.get(word, -1) for word in words), np.int64, len(words))
            known = np.flatnonzero(rows >= 0)
            if len(known) == len(words):
                self._table.take(rows, 0, out=out, mode="clip")
            else:
                out[known] = self._table[rows[known]]
        return np.flatnonzero(rows < 0)

    def put(self, words: Sequence[str], values: np.ndarray) -> None:
        """Keeps the values of words.

        Args:
            words: Distinct words.
            values: `(words, width)`.
        """
        with self._lock:
            new = [
                place
                for place, word in enumerate(words)
                if word not in self._rows and len(word) <= WORD_CHARACTERS
            ][: self.capacity]
            rows = self._free(len(new))
            for place, row in zip(new, rows.tolist(), strict=True):
                word = words[place]
                if row == len(self._words):
                    self._words.append(word)
                else:
                    del self._rows[self._words[row]]
                    self._words[row] = word
                self._rows[word] = row
            chosen = values if len(new) == len(words) else values[new]
            if (np.diff(rows) == 1).all() and len(rows):  # as a rule: in one go
                self._table[rows[0] : rows[0] + len(rows)] = chosen
            else:
                self._table[rows] = chosen

    def clear(self) -> None:
        """Forgets all words; the memory that they took is used again for others."""
        with self._lock:
            self._rows.clear()
            self._words.clear()

    def _free(self, count: int) -> np.ndarray:
        """Returns rows for so many words: those never used first, then any."""
        used = len(self._words)
        fresh = np.arange(used, min(used + count, self.capacity))
        if len(fresh) == count:
            return fresh
        taken = self._random.sample(range(used), count - len(fresh))
        return np.concatenate([fresh, np.array(taken, np.int64)])

    def __getstate__(self) -> dict[str, Any]:
        """What is known is found out again by whoever gets a copy."""
        return {"width": self.width, "capacity": self.capacity}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()
