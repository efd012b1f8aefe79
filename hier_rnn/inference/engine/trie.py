"""The prefix trie of words, level by level, as `hier_rnn.packing.trie` has it, in NumPy.

Each distinct prefix is computed once: `walk`, `walks` and `walking` share the states of `walk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hier_rnn.text.alphabet import BOS, EOS, UNK, Alphabet


class Level(NamedTuple):
    """The distinct prefixes of one length."""

    parents: np.ndarray
    """`(prefixes,)`: each prefix's parent in the level above."""
    characters: np.ndarray
    """`(prefixes,)`: the identifier of each prefix's last character."""
    words: np.ndarray
    """`(ending,)`: the words that end here."""
    ends: np.ndarray
    """`(ending,)`: the prefix that each of them is."""


class TrieBuilder:
    """From words to the identifiers of their characters.

    Args:
        alphabet: The characters and their identifiers.
        marks: Whether a mark stands before and after each word's characters.
    """

    def __init__(self, alphabet: Alphabet, marks: bool) -> None:
        points = [ord(character) for character in alphabet.characters]
        # One more than the alphabet's last code point: all that lie beyond it are unknown.
        self._identifiers = np.full(max(points, default=0) + 2, UNK, np.int32)
        self._identifiers[points] = alphabet.ids("".join(alphabet.characters))
        self._marks = marks

    def __call__(self, words: Sequence[str], backward: bool) -> tuple[np.ndarray, np.ndarray]:
        """Returns the characters of all words, one word after the other, and each word's length.

        Args:
            words: The words.
            backward: Whether words are read from their end.
        """
        if backward:
            words = [word[::-1] for word in words]
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<u4")
        characters = self._identifiers[np.minimum(points, len(self._identifiers) - 1)]
        if not self._marks:
            return characters, lengths
        first, last = (EOS, BOS) if backward else (BOS, EOS)
        marked = np.full(len(characters) + 2 * len(words), first, np.int32)
        # Each word before this one has added two marks, and this one's first mark comes first.
        before = np.repeat(2 * np.arange(len(words)) + 1, lengths)
        marked[np.arange(len(characters)) + before] = characters
        lengths = lengths + 2
        marked[np.cumsum(lengths) - 1] = last
        return marked, lengths


def levels(characters: np.ndarray, lengths: np.ndarray) -> Iterator[Level]:
    """Yields the levels of the trie from the first character on.

    In an order that keeps equal prefixes together, a prefix is new where a word differs from the
    one before it, there or earlier. In any other order the trie has more prefixes than it need
    have, and the words' states are the same.

    Args:
        characters: Character identifiers of all words, one word after the other.
        lengths: Characters in each word; 0 is an empty word, which ends at no level.
    """
    starts = np.cumsum(lengths) - lengths
    prefixes = np.zeros(len(lengths), np.int64)  # of each word, within the level above
    # Whether a word has been the same as the one before it so far.
    same = np.arange(len(lengths)) > 0
    letters = np.full(len(lengths), -1, np.int32)  # at this level; of a word that has ended, none
    words = np.flatnonzero(lengths)
    level = 0
    while len(words):
        letters[words] = characters[starts[words] + level]
        same[words] &= letters[words] == letters[words - 1]
        new = ~same[words]
        own = np.cumsum(new) - 1
        ending = lengths[words] == level + 1
        yield Level(
            parents=prefixes[words][new],
            characters=letters[words][new],
            words=words[ending],
            ends=own[ending],
        )
        prefixes[words] = own
        letters[words[ending]] = -1
        words = words[~ending]
        level += 1
