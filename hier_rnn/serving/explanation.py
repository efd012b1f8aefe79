"""Why a text is classified as it is, by occlusion: what is the decision without this part of it?

A word counts as much as the log-odds of the label fall when the word is left out (Zeiler and Fergus
2014, https://arxiv.org/abs/1311.2901; Li et al. 2016, https://arxiv.org/abs/1612.08220). Its
characters share that in proportion to how far leaving out each of them alone moves the log-odds.
So the eye finds words first, and within a word the letters that it hangs on; and all of it needs
nothing but classified texts: no gradients, and no TensorFlow.

The text is explained as it was written: its characters are those that a reader sees, and its words
are the run's own, laid over it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hier_rnn.inference.predictor import Predictor

OCCLUDED_CHARACTERS = 200
"""Characters left out one by one, those of the words that count most; others share evenly."""
WORDS_NAMED = 5
_JOINER = "\u200d"


@dataclass(frozen=True)
class Explanation:
    """A decision and what each part of the text adds to it."""

    text: str
    label: str
    """The explained label: the most probable one, unless another was asked for."""
    probabilities: np.ndarray
    """Of every label, in the run's order, `(classes,)`."""
    characters: tuple[str, ...]
    """As a reader sees them, marks with their letters; joined, they are the text."""
    attributions: np.ndarray
    """What each character adds to the log-odds of the label, `(characters,)`."""
    words: tuple[tuple[int, int], ...]
    """Where each word begins and ends among the characters."""
    decisive_words: tuple[tuple[str, float], ...]
    """Words with their shares, largest first; the absolute shares of all words sum to 1."""

    def to_json(self) -> dict[str, Any]:
        """Returns the explanation as JSON values."""
        return {
            "text": self.text,
            "label": self.label,
            "probabilities": self.probabilities.tolist(),
            "characters": list(self.characters),
            "attributions": [round(value, 6) for value in self.attributions.tolist()],
            "words": [list(word) for word in self.words],
            "decisive_words": [list(word) for word in self.decisive_words],
        }


def explain(predictor: Predictor, text: str, label: str | None = None) -> Explanation:
    """Explains a classifier's decision on a text.

    Args:
        predictor: The classifier.
        text: What to classify.
        label: The label that is explained, one of the run's; the predicted one by default.
    """
    labels = list(predictor.labels)
    characters = characters_of(text)
    words = words_of(characters, predictor)
    probabilities = np.asarray(predictor.probabilities([text])[0], np.float64)
    explained = labels.index(label) if label is not None else int(probabilities.argmax())

    def lost(parts: list[range]) -> np.ndarray:
        """Returns how far the log-odds fall without each of some parts, `(parts,)`."""
        without = ["".join((*characters[: p.start], *characters[p.stop :])) for p in parts]
        logits = np.array(list(predictor.logits([text, *without])), np.float64)
        odds = predictor.decision.log_odds(logits, explained)
        return np.asarray(odds[0] - odds[1:])

    of_words = lost(words) if words else np.zeros(0)
    order = np.argsort(-np.abs(of_words), kind="stable")
    occluded: list[range] = []
    for number in order:
        word = words[number]
        if len(word) > 1 and len(occluded) + len(word) <= OCCLUDED_CHARACTERS:
            occluded += [range(place, place + 1) for place in word]
    weights = np.ones(len(characters))
    if occluded:
        weights[[part.start for part in occluded]] = np.abs(lost(occluded))
    attributions = np.zeros(len(characters))
    for word, share in zip(words, of_words, strict=True):
        total = weights[word.start : word.stop].sum()
        even = np.full(len(word), 1 / len(word))
        attributions[word.start : word.stop] = share * (
            weights[word.start : word.stop] / total if total > 0 else even
        )
    total = np.abs(of_words).sum() or 1.0
    return Explanation(
        text=text,
        label=labels[explained],
        probabilities=probabilities,
        characters=tuple(characters),
        attributions=attributions,
        words=tuple((word.start, word.stop) for word in words),
        decisive_words=tuple(
            (
                "".join(characters[words[number].start : words[number].stop]),
                round(float(of_words[number] / total), 4),
            )
            for number in order[:WORDS_NAMED]
        ),
    )


def characters_of(text: str) -> list[str]:
    """Returns a text's characters as a reader sees them: marks and modifiers with what they mark.

    That is the larger part of Unicode's grapheme clusters (Standard Annex 29), enough for nothing
    to be left out from beneath its accent.
    """
    characters: list[str] = []
    for character in text:
        joins = (
            unicodedata.category(character).startswith("M")
            or character == _JOINER
            or "\U0001f3fb" <= character <= "\U0001f3ff"
        )
        if characters and (joins or characters[-1].endswith(_JOINER)):
            characters[-1] += character
        else:
            characters.append(character)
    return characters


def words_of(characters: list[str], predictor: Predictor) -> list[range]:
    """Returns where the run's words stand among a text's characters, in order.

    Where they cannot be laid over the text (a word was cut for its length, or normalizing a
    character depends on its neighbours), words are what stands between white space.

    Args:
        characters: The text's.
        predictor: Cuts the text into words.
    """
    lengths = [sum(map(len, predictor.words(character))) for character in characters]
    words = predictor.words("".join(characters))
    ends = list(accumulate(map(len, words)))
    if sum(lengths) != (ends[-1] if ends else 0):
        cuts = [place for place, character in enumerate(characters) if character.isspace()]
        bounds = pairwise([-1, *cuts, len(characters)])
        return [range(start + 1, end) for start, end in bounds if end > start + 1]
    # A character belongs to the word in which it begins; white space, of length 0, to none.
    places: list[list[int]] = [[] for _ in words]
    number = position = 0
    for place, length in enumerate(lengths):
        if length == 0:
            continue
        while position >= ends[number]:
            number += 1
        places[number].append(place)
        position += length
    return [range(word[0], word[-1] + 1) for word in places if word]
