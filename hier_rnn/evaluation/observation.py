"""One pass of a predictor over a source, keeping a few numbers an example and no text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.evaluation.progress import Progress

if TYPE_CHECKING:
    from hier_rnn.inference.predictor import Predictor
    from hier_rnn.sources.source import Example


@dataclass(frozen=True)
class Observations:
    """What a pass leaves: for `n` examples of `c` classes, about `4 * c + 12` bytes each."""

    targets: np.ndarray
    """True class indices, `(n,)`."""
    logits: np.ndarray
    """Raw logits, float32, `(n, c)`."""
    lengths: np.ndarray
    """Words of each example, `(n,)`."""
    unseen: np.ndarray
    """Share of its words that training never saw, `(n,)`."""
    seconds: float
    words_per_second: float

    @property
    def predictions(self) -> np.ndarray:
        """Predicted class indices, `(n,)`."""
        return self.logits.argmax(axis=-1)

    @property
    def correct(self) -> np.ndarray:
        """Whether each prediction is right, `(n,)`."""
        return self.predictions == self.targets


def observe(
    predictor: Predictor,
    examples: Iterable[Example],
    targets: np.ndarray,
    known_words: frozenset[str] = frozenset(),
    *,
    title: str = "evaluation",
    quiet: bool = True,
    at_once: int | None = None,
    sink: Callable[[Example, np.ndarray], None] | None = None,
) -> Observations:
    """Classifies every example as it is read.

    Args:
        predictor: The classifier.
        examples: What it reads, once.
        targets: True class indices, `(examples,)`.
        known_words: Words that training saw.
        title: What the progress bar is headed with.
        quiet: No progress bar.
        at_once: Hand the predictor no more examples than this before its answers are awaited, for
            examples that are long in the making; by default it reads ahead as it likes.
        sink: Called with every example and its logits, in order.

    Raises:
        UserError: There are more or fewer examples than targets, or logits are not finite.
    """
    count = len(targets)
    logits = np.empty((count, len(predictor.labels)), dtype=np.float32)
    lengths = np.zeros(count, dtype=np.int32)
    unseen = np.zeros(count, dtype=np.float32)
    waiting: deque[Example] = deque()

    def segmented() -> Iterator[list[str]]:
        for position, example in enumerate(examples):
            if position == count:
                raise UserError(_changed(title, count))
            words = predictor.words(example.text)
            lengths[position] = len(words)
            if words:
                unseen[position] = sum(word not in known_words for word in words) / len(words)
            waiting.append(example)
            yield words

    list(predictor.logits(["warm up"]))  # The first call builds graphs; it is not counted.
    with Progress(title, count, quiet) as progress:
        for position, row in enumerate(_logits(predictor, segmented(), at_once)):
            example = waiting.popleft()
            if not np.isfinite(row).all():
                raise UserError(
                    f"{example.where}: the model's outputs are not finite numbers ({row}); "
                    "its weights are damaged or its training diverged."
                )
            logits[position] = row
            progress.step(row.argmax() == targets[position], int(lengths[position]))
            if sink is not None:
                sink(example, row)
    if progress.examples != count:
        raise UserError(_changed(title, count))
    return Observations(
        targets, logits, lengths, unseen, progress.seconds, progress.words_per_second
    )


def _logits(
    predictor: Predictor, sentences: Iterator[list[str]], at_once: int | None
) -> Iterator[np.ndarray]:
    if at_once is None:
        yield from predictor.logits_of_words(sentences)
        return
    while chunk := list(islice(sentences, at_once)):
        yield from predictor.logits_of_words(chunk)


def _changed(title: str, count: int) -> str:
    return f"{title}: the data changed while it was being read; it had {count:,} examples before."
