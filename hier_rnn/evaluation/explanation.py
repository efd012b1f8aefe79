"""Why a text is classified as it is: the share of every character in the decision.

Shares are integrated gradients (Sundararajan et al. 2017) of a class's logit along the path from
all-zero character embeddings to the text's own; over a text they sum to what the text adds to
that logit.

The text is shown as it was written: a character has the share of what normalization made of it
(of all its parts, if these are several), and what stands between words has none.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.evaluation.alignment import align
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.inference.arguments import checked_texts
from hier_rnn.sources.example import listed
from hier_rnn.text.normalization import normalize

STEPS = 32
LEVELS = 4
"""Shades of a colour, from the faintest character worth colouring to the most decisive."""
FAINTEST = 0.08
"""Characters below this share of the most decisive one are not coloured."""
WORDS_NAMED = 5
MOST_WORDS = 2_000
"""Of a text that is explained: the time that it takes grows with them."""


class Part(NamedTuple):
    """Characters of the text that belong together, mostly one with its marks."""

    text: str
    word: int | None
    """Number of the word it belongs to; None between words."""
    share: float
    """What it adds to the explained class's logit."""


class Span(NamedTuple):
    """Neighbouring characters of one shade: 0 none, above 0 for the class, below 0 against it."""

    text: str
    level: int


class MarkedWord(NamedTuple):
    """A word, or what stands between two, with its own shade and those of its characters."""

    spans: tuple[Span, ...]
    level: int


class WordShare(NamedTuple):
    """A word and its share in the decision; the absolute shares of a text's words sum to 1."""

    word: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """A prediction and what each character of the text adds to the explained class's logit."""

    label: str
    """The explained class: the most probable one, unless another was asked for."""
    probabilities: dict[str, float]
    """By label, most probable first."""
    words: tuple[str, ...]
    """As the classifier reads them: normalized, long ones cut."""
    attributions: tuple[tuple[float, ...], ...]
    """Of the characters of these words, one number each."""
    parts: tuple[Part, ...]
    """The text as it was written, cut into parts."""
    given: tuple[str, ...] | None = None
    """The labels that the text is given, most probable first; None where a text has one label."""

    @property
    def text(self) -> str:
        """The text as it was written."""
        return "".join(part.text for part in self.parts)

    @property
    def decisive_words(self) -> tuple[WordShare, ...]:
        """The words with the largest shares as they were written, largest first."""
        sums = self._word_sums()
        total = np.abs(sums).sum()
        if total == 0:
            return ()
        written = [""] * len(self.words)
        for part in self.parts:
            if part.word is not None:
                written[part.word] += part.text
        # A character that became two words is written with the first.
        names = [name or word for name, word in zip(written, self.words, strict=True)]
        order = np.argsort(-np.abs(sums), kind="stable")[:WORDS_NAMED]
        return tuple(WordShare(names[i], float(sums[i] / total)) for i in order)

    def marked(self, most_words: int = 0) -> Iterator[MarkedWord]:
        """Yields the words and what stands between them, each with its shade.

        Args:
            most_words: Show no more than this many words, those around the most decisive; 0: all.
        """
        first, last = self._window(most_words)
        sums = self._word_sums()
        word_peak = float(np.abs(sums).max(initial=0.0))
        peak = max((abs(part.share) for part in self.parts), default=0.0)
        if first > 0:
            yield MarkedWord((Span("… ", 0),), 0)
        for word, parts in groupby(self._shown(first, last), lambda part: part.word):
            spans = (Span(part.text, level_of(part.share, peak)) for part in parts)
            yield MarkedWord(
                tuple(_merged(spans)), 0 if word is None else level_of(sums[word], word_peak)
            )
        if last < len(self.words):
            yield MarkedWord((Span(" …", 0),), 0)

    def spans(self, most_words: int = 0) -> Iterator[Span]:
        """Yields the text as runs of equally shaded characters.

        Args:
            most_words: Show no more than this many words, those around the most decisive; 0: all.
        """
        yield from _merged(span for word in self.marked(most_words) for span in word.spans)

    def _word_sums(self) -> np.ndarray:
        return np.array([sum(word) for word in self.attributions], dtype=np.float64)

    def _window(self, most_words: int) -> tuple[int, int]:
        """The words to show: where the decision's total share is largest."""
        count = len(self.words)
        if not most_words or count <= most_words:
            return 0, count
        shares = [sum(map(abs, word)) for word in self.attributions]
        first = int(np.convolve(shares, np.ones(most_words), "valid").argmax())
        return first, first + most_words

    def _shown(self, first: int, last: int) -> Sequence[Part]:
        """The parts from the window's first word to its last, what stands between included."""
        if (first, last) == (0, len(self.words)):
            return self.parts
        inside = [
            number
            for number, part in enumerate(self.parts)
            if part.word is not None and first <= part.word < last
        ]
        return self.parts[inside[0] : inside[-1] + 1]

    def to_json(self) -> dict[str, object]:
        """Returns the explanation as JSON values."""
        return {
            "text": self.text,
            "label": self.label,
            **({} if self.given is None else {"given": list(self.given)}),
            "probabilities": self.probabilities,
            "words": list(self.words),
            "attributions": [list(word) for word in self.attributions],
            "decisive_words": [list(share) for share in self.decisive_words],
        }


def explain(
    predictor: TextPredictor, text: str, label: str | None = None, steps: int = STEPS
) -> Explanation:
    """Explains a classifier's decision on a text.

    Args:
        predictor: The classifier.
        text: What to classify.
        label: The class whose logit is explained; the predicted one by default.
        steps: Points on the path that gradients are taken at. Default 32.

    Raises:
        TypeError: The text is not a `str`.
        UserError: The run has no such class, or the text has more than 2,000 words.
    """
    checked_texts([text])
    labels = predictor.labels
    if label is not None and label not in labels:
        raise UserError(
            f"The run has no class '{label}'; it has {listed(labels)}.{nearest(label, labels)}"
        )
    words = predictor.words(text)
    if len(words) > MOST_WORDS:
        raise UserError(
            f"A text of {len(words):,} words is not explained: it would take too long. Accepted:"
            f" {MOST_WORDS:,} words at most; explain a part of it."
        )
    [logits] = predictor.logits_of_words([words])
    values = predictor.decision.probabilities(logits.astype(np.float64))
    given = None
    if predictor.decision.thresholds is not None:
        own = predictor.decision.given(predictor.decision.probabilities(logits))
        given = tuple(labels[i] for i in own)
    explained = labels.index(label) if label is not None else int(values.argmax())
    attributions = predictor.character_attributions(words, explained, steps) if words else []
    options = predictor.configuration.text
    normalized = functools.partial(
        normalize, form=options.normalization, lowercase=options.lowercase
    )
    stretches = align(text, words, normalized, options.words == "sentencepiece")
    return Explanation(
        label=labels[explained],
        given=given,
        probabilities={labels[i]: float(values[i]) for i in np.argsort(-values, kind="stable")},
        words=tuple(words),
        attributions=tuple(tuple(map(float, word)) for word in attributions),
        parts=tuple(
            Part(part, word, float(sum(attributions[i][j] for i, j in characters)))
            for part, word, characters in stretches
        ),
    )


def level_of(value: float, peak: float) -> int:
    """Returns a shade, from `-LEVELS` to `LEVELS`.

    Args:
        value: What the character or word adds.
        peak: The largest absolute value of the text.
    """
    if peak == 0 or abs(value) < FAINTEST * peak:
        return 0
    level = min(LEVELS, 1 + int(LEVELS * (abs(value) / peak - FAINTEST) / (1 - FAINTEST)))
    return level if value > 0 else -level


def _merged(spans: Iterator[Span]) -> Iterator[Span]:
    for level, alike in groupby(spans, lambda span: span.level):
        yield Span("".join(span.text for span in alike), level)
