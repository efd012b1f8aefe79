"""The vectors of words met before: the character encoder spells a word out once, and not again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

import numpy as np
import tensorflow as tf

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import Spelling

ENCODED_AT_ONCE = 8192
CACHE_BYTES = 64 << 20
CACHE_WORDS = 200_000


class WordCache:
    """Vectors of the words met so far, in a table of bounded size that starts over when full.

    Args:
        encoder: The character encoder; call `clear` when its weights have changed.
        spelling: Makes the tries of words.
        capacity: Words in the table; default, what fits in 64 MiB but 200,000 at the most.
    """

    def __init__(
        self, encoder: CharacterEncoder, spelling: Spelling, capacity: int | None = None
    ) -> None:
        fitting = min(CACHE_BYTES // (4 * encoder.width), CACHE_WORDS)
        self.capacity = capacity or max(ENCODED_AT_ONCE, fitting)
        self._rows: dict[str, int] = {}
        self._expected: Iterable[list[str]] = ()
        self._encoder = encoder
        self._spelling = spelling
        self._table: tf.Variable | None = None

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def encode(words):
            return encoder(spelling(words), differentiable=False)

        self._encode = encode

    def __len__(self) -> int:
        return len(self._rows)

    def clear(self) -> None:
        """Forgets all vectors."""
        self._rows.clear()

    def expect(self, sentences: Iterable[list[str]]) -> None:
        """Says which words will be asked for: all new ones are spelled out with the first new one.

        The more words are spelled out at once, the more prefixes they share. If there is no room
        for all of them, each word waits until it is asked for.
        """
        self._expected = sentences

    def vectors(self, words: list[str]) -> tuple[tf.Tensor, np.ndarray]:
        """Returns the distinct words' vectors `(n, width)` and which is each word's `(words,)`."""
        # Numbered as they come, frequent words first: what is looked up often is close together.
        distinct = {word: number for number, word in enumerate(dict.fromkeys(words))}
        numbers = _numbers(distinct, words)
        if not self._hold(distinct.keys()):
            return self._encoded(list(distinct)), numbers
        return tf.gather(self._table, _numbers(self._rows, distinct)), numbers

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
        vectors = self._encoded(words)
        first = len(self._rows)
        if self._table is None:
            self._table = tf.Variable(tf.zeros([self.capacity, self._encoder.width]))
        self._table[first : first + len(words)].assign(vectors)
        for row, word in enumerate(words, first):
            self._rows[word] = row

    def _encoded(self, words: list[str]) -> tf.Tensor:
        parts = [
            self._encode(tf.constant(words[start : start + ENCODED_AT_ONCE]))
            for start in range(0, len(words), ENCODED_AT_ONCE)
        ]
        return parts[0] if len(parts) == 1 else tf.concat(parts, 0)


def _numbers(number: dict[str, int], words: Collection[str]) -> np.ndarray:
    return np.fromiter(map(number.__getitem__, words), np.int32, len(words))
