"""Other spellings of words to learn from: misspelled, in another case, in other punctuation.

The encoder learns them with the vector of the word, so that `brillant`, `looooook` and `card?` are
read as what they mean, whether or not the text to learn from has them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from hier_rnn.configuration.options import Pretraining, PretrainingMisspell, Text
from hier_rnn.text.misspelling import eligible, misspell
from hier_rnn.text.normalization import normalize

# Each edit of a misspelled word is followed by another one this often.
FURTHER_EDIT = 0.35
PUNCTUATIONS = 50
CASES = (str.lower, str.upper, str.capitalize)


class SpellingAugmenter:
    """Draws other spellings of words. One that is itself a word of the vocabulary is never drawn.

    Frequent words are drawn more often, by the square root of their counts: they are met misspelled
    more often, too, and drawing all words alike leaves each with too few to learn from.

    Args:
        words: The vocabulary.
        counts: How often each is seen, `(words,)`; punctuation is drawn accordingly as well.
        options: The `pretraining` options.
        text: The `text` options: copies are written as the encoder will read them.
        indices: The words to draw spellings of; default, all.
    """

    def __init__(
        self,
        words: Sequence[str],
        counts: np.ndarray,
        options: Pretraining,
        text: Text,
        indices: np.ndarray | None = None,
    ) -> None:
        self._words = words
        self._vocabulary = set(words)
        self._options = options
        self._text = text
        self._bare = [bare(word) for word in words]
        copied = np.arange(len(words)) if indices is None else indices
        roots = np.sqrt(np.maximum(counts, 1))
        self._copied = len(copied)
        self._misspellable = _WeightedSampler(
            np.array([i for i in copied.tolist() if eligible(words[i])], int), roots
        )
        self._rewritable = _WeightedSampler(
            np.array([i for i in copied if self._bare[i][1]], int), roots
        )
        around = Counter[tuple[str, str]]()
        for (before, inner, after), count in zip(self._bare, counts.tolist(), strict=True):
            if inner:
                around[before, after] += count
        frequent = around.most_common(PUNCTUATIONS)
        self._around = [pair for pair, _ in frequent]
        # By square roots as well, or nearly all would have a full stop or a comma.
        self._punctuation = _WeightedSampler(
            np.arange(len(frequent)), np.sqrt([count for _, count in frequent])
        )

    def __call__(self, generator: np.random.Generator) -> tuple[list[str], np.ndarray]:
        """Returns new spellings and the number of the word that each is of.

        Args:
            generator: Decides of which words, and how they are spelled.
        """
        options = self._options.misspell
        number = round(options.copies_per_word * self._copied) if options.kind != "none" else 0
        first = self._misspellable.draw(number, generator)
        copies = misspelled([self._words[i] for i in first.tolist()], options, generator)
        second = self._rewritable.draw(
            round(self._options.rewrites_per_word * self._copied), generator
        )
        pairs = self._punctuation.draw(len(second), generator).tolist()
        kinds = generator.random(len(second)).tolist()
        for index, kind, pair in zip(second.tolist(), kinds, pairs, strict=True):
            copies.append(self._rewritten(index, kind, self._around[pair]))
        spellings, owners = [], []
        for spelling, index in zip(copies, (*first.tolist(), *second.tolist()), strict=True):
            spelling = normalize(spelling, self._text.normalization, self._text.lowercase)
            if spelling not in self._vocabulary and len(spelling) <= self._text.maximum_word_length:
                spellings.append(spelling)
                owners.append(index)
        return spellings, np.array(owners, np.int64)

    def _rewritten(self, index: int, kind: float, around: tuple[str, str]) -> str:
        """In another case or, as often, in other punctuation; `kind` is from 0 to 1."""
        before, inner, after = self._bare[index]
        if kind < 0.5:
            return before + CASES[int(2 * kind * len(CASES))](inner) + after
        return around[0] + inner + around[1]


class _WeightedSampler:
    """Draws numbers, each as likely as its weight says, with replacement."""

    def __init__(self, numbers: np.ndarray, weights: np.ndarray) -> None:
        self._numbers = numbers
        self._bounds = np.cumsum(weights[numbers])

    def draw(self, count: int, generator: np.random.Generator) -> np.ndarray:
        if not len(self._numbers):
            return self._numbers
        draws = generator.random(count) * self._bounds[-1]
        # Below the last bound, so that rounding up to it does no harm.
        rows = np.searchsorted(self._bounds[:-1], draws, side="right")
        drawn: np.ndarray = self._numbers[rows]
        return drawn


def misspelled(
    words: list[str], options: PretrainingMisspell, generator: np.random.Generator
) -> list[str]:
    """Returns the words misspelled, each with one edit or several.

    Args:
        words: The words; they stay as they are.
        options: Kind, and the most edits in a word.
        generator: Decides how.
    """
    written = misspell(words, options.kind, 1.0, generator)
    changed = [i for i, word in enumerate(words) if written[i] != word]
    for _ in range(options.edits - 1):
        once = [written[i] for i in changed]
        again = misspell(once, options.kind, FURTHER_EDIT, generator)
        for i, word in zip(changed, again, strict=True):
            written[i] = word
        changed = [i for i, a, b in zip(changed, once, again, strict=True) if a != b]
    return written


def bare(word: str) -> tuple[str, str, str]:
    """Returns what stands before the first letter or digit, what follows up to the last, the rest.

    `"Don't!"` gives `"`, `Don't`, `!"`; without letters or digits, the middle is empty.
    """
    if word.isalnum():
        return "", word, ""
    places = [i for i, character in enumerate(word) if character.isalnum()]
    if not places:
        return word, "", ""
    first, last = places[0], places[-1] + 1
    # Accents and vowel signs that follow the last letter belong to it.
    while last < len(word) and unicodedata.category(word[last])[0] == "M":
        last += 1
    return word[:first], word[first:last], word[last:]
