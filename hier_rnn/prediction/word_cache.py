"""What is known of the words met before: a word is spelled out once, and not again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

ENCODED_AT_ONCE = 8192
SIDE_BY_SIDE = 2  # while one part's values enter the table, another is spelled out
CACHE_BYTES = 256 << 20
CACHE_WORDS = 200_000


class WordCache:
    """A value for each of the words met so far, in a table of bounded size.

    The table grows with the words, and starts over when it is full.

    Args:
        encode: From words, string `(words,)`, to their values, `(words, *shape)`; it is a pure
            function until `clear` is called.
        shape: Of a word's value.
        capacity: Words in the table; default, what fits in 256 MiB but 200,000 at the most.
    """

    def __init__(
        self,
        encode: Callable[[tf.Tensor], tf.Tensor],
        shape: Sequence[int],
        capacity: int | None = None,
    ) -> None:
        fitting = min(CACHE_BYTES // (4 * int(np.prod(shape))), CACHE_WORDS)
        self.capacity = capacity or max(ENCODED_AT_ONCE, fitting)
        self._shape = tuple(shape)
        self._rows: dict[str, int] = {}
        self._expected: Iterable[list[str]] = ()
        self._table = tf.Variable(tf.zeros([0, *shape]), shape=[None, *shape])
        self._encode = tf.function(encode, input_signature=[tf.TensorSpec([None], tf.string)])

    def __len__(self) -> int:
        return len(self._rows)

    def clear(self) -> None:
        """Forgets all words."""
        self._rows.clear()

    def expect(self, sentences: Iterable[list[str]]) -> None:
        """Says which words will be asked for: all new ones are spelled out with the first new one.

        The more words are spelled out at once, the more prefixes they share. If there is no room
        for all of them, each word waits until it is asked for.
        """
        self._expected = sentences

    def values(self, words: list[str]) -> tuple[tf.Tensor, np.ndarray]:
        """Returns the distinct words' values `(n, *shape)` and which is each word's `(words,)`."""
        try:
            rows = _numbers(self._rows, words)
        except KeyError:  # some are new
            if not self._hold(set(words)):
                distinct = {word: number for number, word in enumerate(dict.fromkeys(words))}
                return self._encoded(list(distinct)), _numbers(distinct, words)
            rows = _numbers(self._rows, words)
        used = np.zeros(len(self._rows), bool)
        used[rows] = True
        numbers = np.cumsum(used, dtype=np.int32) - 1
        return tf.gather(self._table, np.flatnonzero(used)), numbers[rows]

    def _hold(self, words: Set[str]) -> bool:
        """Sees to it that these words are in the table; returns whether there is room for them."""
        if len(words) > self.capacity:
            return False
        if not words <= self._rows.keys():
            expected, self._expected = self._expected, ()
            expected = set().union(*expected)
            if expected > words and self._hold(expected):
                return True
            new = words - self._rows.keys()
            if len(self._rows) + len(new) > self.capacity:
                self.clear()
                new = words
            self._add(sorted(new))
        return True

    def _add(self, words: list[str]) -> None:
        first = len(self._rows)
        self._make_room(first + len(words))

        def enter(start: int) -> None:
            values = self._encode(tf.constant(words[start : start + ENCODED_AT_ONCE]))
            rows = tf.range(first + start, first + start + len(values))
            # Row by row, where a slice would be assigned number by number.
            self._table.scatter_update(tf.IndexedSlices(values, rows))

        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            list(threads.map(enter, range(0, len(words), ENCODED_AT_ONCE)))
        self._rows.update(zip(words, range(first, first + len(words)), strict=True))

    def _make_room(self, rows: int) -> None:
        room = int(tf.shape(self._table)[0])
        if rows > room:
            more = min(self.capacity, max(rows, 2 * room)) - room
            self._table.assign(tf.concat([self._table, tf.zeros([more, *self._shape])], 0))

    def _encoded(self, words: list[str]) -> tf.Tensor:
        parts = [
            self._encode(tf.constant(words[start : start + ENCODED_AT_ONCE]))
            for start in range(0, len(words), ENCODED_AT_ONCE)
        ]
        return tf.concat(parts, 0)


def _numbers(number: dict[str, int], words: Collection[str]) -> np.ndarray:
    return np.fromiter(map(number.__getitem__, words), np.int32, len(words))
