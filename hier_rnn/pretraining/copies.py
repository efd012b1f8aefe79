"""Other ways to write a word: misspelled, in another case, in other punctuation.

The encoder learns them with the vector of the word, so that `brillant`, `looooook` and `card?` are
read as what they mean, whether or not the text to learn from has them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from hier_rnn.configuration.options import Pretraining, PretrainingMisspell, Text
from hier_rnn.text.misspelling import misspell
from hier_rnn.text.normalization import normalize

# Each edit of a misspelled word is followed by another one this often.
FURTHER_EDIT = 0.35
PUNCTUATIONS = 50
CASES = (str.lower, str.upper, str.capitalize)


class Copies:
    """Draws other spellings of words. One that is itself a known word is never drawn.

    Args:
        words: The known words.
        counts: How often each is seen, `(words,)`; punctuation is drawn accordingly.
        options: The `pretraining` options.
        text: The `text` options: copies are written as the encoder will read them.
    """

    def __init__(
        self, words: Sequence[str], counts: np.ndarray, options: Pretraining, text: Text
    ) -> None:
        self._words = words
        self._known = set(words)
        self._options = options
        self._text = text
        self._bare = [bare(word) for word in words]
        around = Counter[tuple[str, str]]()
        for (before, inner, after), count in zip(self._bare, counts.tolist(), strict=True):
            if inner:
                around[before, after] += count
        self._around = [pair for pair, _ in around.most_common(PUNCTUATIONS)] or [("", "")]
        # Square roots, or nearly all would have a full stop or a comma.
        weight = np.sqrt([around[pair] for pair in self._around]) if around else np.ones(1)
        self._chance = weight / weight.sum()

    def __call__(
        self, indices: np.ndarray, generator: np.random.Generator
    ) -> tuple[list[str], np.ndarray]:
        """Returns new spellings and the number of the word that each is of.

        Args:
            indices: The words to copy.
            generator: Decides which of them, and how.
        """
        originals = [self._words[i] for i in indices]
        copies = misspelled(originals, self._options.misspell, generator)
        chosen = np.flatnonzero(generator.random(len(indices)) < self._options.variants)
        kinds = generator.random(len(chosen)).tolist()
        pairs = generator.choice(len(self._around), len(chosen), p=self._chance).tolist()
        rewritten = [
            self._rewritten(int(indices[i]), kind, self._around[pair])
            for i, kind, pair in zip(chosen.tolist(), kinds, pairs, strict=True)
        ]
        spellings, owners = [], []
        for spelling, index in zip(
            (*copies, *rewritten), (*indices.tolist(), *indices[chosen].tolist()), strict=True
        ):
            if spelling in self._known:  # most are not misspelled
                continue
            spelling = normalize(spelling, self._text.normalization, self._text.lowercase)
            if spelling not in self._known and len(spelling) <= self._text.maximum_word_length:
                spellings.append(spelling)
                owners.append(index)
        return spellings, np.array(owners, np.int64)

    def _rewritten(self, index: int, kind: float, around: tuple[str, str]) -> str:
        """In another case or, as often, in other punctuation; `kind` is from 0 to 1."""
        before, inner, after = self._bare[index]
        if not inner:
            return self._words[index]
        if kind < 0.5:
            return before + CASES[int(2 * kind * len(CASES))](inner) + after
        return around[0] + inner + around[1]


def misspelled(
    words: list[str], options: PretrainingMisspell, generator: np.random.Generator
) -> list[str]:
    """Returns the words, a share of them with one edit or several.

    Args:
        words: The words; they stay as they are.
        options: Kind, rate, and the most edits in a word.
        generator: Decides which, and how.
    """
    written = misspell(words, options.kind, options.rate, generator)
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
