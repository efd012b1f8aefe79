"""Why a text is classified as it is: the share of every character in the decision.

Shares are integrated gradients (Sundararajan et al. 2017) of a class's logit along the path from
all-zero character embeddings to the text's own; over a text they sum to what the text adds to
that logit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from hier_rnn.errors import UserError, nearest
from hier_rnn.evaluation.theme import LIGHT

if TYPE_CHECKING:
    from hier_rnn.inference.predictor import Predictor

STEPS = 32
LEVELS = 4
"""Shades of a colour, from the faintest character worth colouring to the most decisive."""
FAINTEST = 0.08
"""Characters below this share of the most decisive one are not coloured."""
WORDS_NAMED = 5
PIECE_START = "▁"


class Run(NamedTuple):
    """Neighbouring characters of one shade: 0 none, above 0 for the class, below 0 against it."""

    text: str
    level: int


class WordShare(NamedTuple):
    """A word and its share in the decision; the absolute shares of a text's words sum to 1."""

    word: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """A prediction and what each character of each word adds to the explained class's logit."""

    text: str
    label: str
    """The explained class: the predicted one, unless another was asked for."""
    probabilities: dict[str, float]
    """By label, most probable first."""
    words: tuple[str, ...]
    attributions: tuple[tuple[float, ...], ...]
    """A number a character, word by word."""

    @property
    def decisive_words(self) -> tuple[WordShare, ...]:
        """The words with the largest shares, largest first."""
        sums = np.array([sum(word) for word in self.attributions])
        total = np.abs(sums).sum()
        if total == 0:
            return ()
        order = np.argsort(-np.abs(sums), kind="stable")[:WORDS_NAMED]
        return tuple(WordShare(_spelled(self.words[i]), float(sums[i] / total)) for i in order)

    def runs(self, most_words: int = 0) -> Iterator[Run]:
        """Yields the text as runs of equally coloured characters.

        Args:
            most_words: Show no more than this many words, those around the most decisive; 0: all.
        """
        first, last = self._window(most_words)
        peak = max((abs(a) for word in self.attributions for a in word), default=0.0)
        text, level = "… " if first else "", 0
        for character, next_level in self._characters(first, last, peak):
            if next_level != level and text:
                yield Run(text, level)
                text = ""
            text, level = text + character, next_level
        if text:
            yield Run(text, level)
        if last < len(self.words):
            yield Run(" …", 0)

    def _window(self, most_words: int) -> tuple[int, int]:
        """The words to show: where the decision's total share is largest."""
        count = len(self.words)
        if not most_words or count <= most_words:
            return 0, count
        shares = [sum(map(abs, word)) for word in self.attributions]
        first = int(np.convolve(shares, np.ones(most_words), "valid").argmax())
        return first, first + most_words

    def _characters(self, first: int, last: int, peak: float) -> Iterator[tuple[str, int]]:
        pieces = any(word.startswith(PIECE_START) for word in self.words)
        for position in range(first, last):
            if position > first and not pieces:
                yield " ", 0
            word, values = self.words[position], self.attributions[position]
            for character, value in zip(word, values, strict=True):
                shown = " " if pieces and character == PIECE_START else character
                yield shown, level_of(value, peak)

    def to_json(self) -> dict[str, object]:
        """Returns the explanation as JSON values."""
        return {
            "text": self.text,
            "label": self.label,
            "probabilities": self.probabilities,
            "words": list(self.words),
            "attributions": [list(word) for word in self.attributions],
            "decisive_words": [list(share) for share in self.decisive_words],
        }


def explain(
    predictor: Predictor, text: str, label: str | None = None, steps: int = STEPS
) -> Explanation:
    """Explains a classifier's decision on a text.

    Args:
        predictor: The classifier.
        text: What to classify.
        label: The class whose logit is explained; the predicted one by default.
        steps: Points on the path that gradients are taken at.

    Raises:
        UserError: The run has no such class.
    """
    labels: Sequence[str] = predictor.labels
    if label is not None and label not in labels:
        raise UserError(
            f"The run has no class '{label}'; it has {', '.join(labels)}.{nearest(label, labels)}"
        )
    values = predictor.probabilities([text])[0]
    explained = labels.index(label) if label is not None else int(values.argmax())
    words = predictor.words(text)
    attributions = predictor.character_attributions(words, explained, steps) if words else []
    return Explanation(
        text=text,
        label=labels[explained],
        probabilities={labels[i]: float(values[i]) for i in np.argsort(-values, kind="stable")},
        words=tuple(words),
        attributions=tuple(tuple(map(float, word)) for word in attributions),
    )


def level_of(value: float, peak: float) -> int:
    """Returns a character's shade, from `-LEVELS` to `LEVELS`.

    Args:
        value: What the character adds.
        peak: The largest absolute value of the text.
    """
    if peak == 0 or abs(value) < FAINTEST * peak:
        return 0
    level = min(LEVELS, 1 + int(LEVELS * (abs(value) / peak - FAINTEST) / (1 - FAINTEST)))
    return level if value > 0 else -level


def print_explanation(explanation: Explanation, console: Console | None = None) -> None:
    """Prints the label, the probabilities, and the text with its characters coloured.

    Args:
        explanation: What to print.
        console: Where; standard output by default.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    for label, probability in list(explanation.probabilities.items())[:WORDS_NAMED]:
        style = "bold" if label == explanation.label else ""
        bar = "█" * round(20 * probability)
        table.add_row(Text(label, style), Text(f"{probability:.1%}", style), Text(bar, "blue"))
    coloured = Text()
    for text, level in explanation.runs():
        coloured.append(text, _style(level))
    words = ", ".join(f"{word} {share:+.0%}" for word, share in explanation.decisive_words)
    legend = Text.assemble(
        ("for", _style(LEVELS)), " and ", ("against", _style(-LEVELS)), f" {explanation.label}"
    )
    console = console or Console()
    console.print(table, "", coloured, "", sep="\n")
    if console.color_system:
        console.print(legend)
    if words:
        console.print(Text(f"Words that decided: {words}"))


def _style(level: int) -> Style:
    if level == 0:
        return Style()
    shade = f"for-{level}" if level > 0 else f"against-{-level}"
    ink = "strong-ink" if abs(level) == LEVELS else "ink"
    return Style(color=LIGHT[ink], bgcolor=LIGHT[shade])


def _spelled(word: str) -> str:
    return word.replace(PIECE_START, "") or word
