"""One pass of a classifier over a source, keeping a few numbers for each example and no text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from hier_rnn.decisions.decision import Decision
from hier_rnn.errors import UserError
from hier_rnn.evaluation.answers.answers import Answers, Rows
from hier_rnn.evaluation.answers.choose import answers_of
from hier_rnn.evaluation.progress import OnProgress, Stopwatch
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.sources.example import Example

BLOCK_NUMBERS = 1 << 19  # logits that wait to be reduced together
BLOCK_EXAMPLES = 256

OnExample = Callable[[Example, np.ndarray], None]


class Answered(NamedTuple):
    """An example and what the classifier said of it."""

    example: Example
    logits: np.ndarray
    """`(classes,)`."""
    words: int
    """How many it has."""
    unseen_share: float | None
    """Share of its words that training never saw; None if it is not known."""


@dataclass(frozen=True, eq=False)
class PassResult:
    """What a pass leaves of `n` examples: at most 50 classes each, however many there are."""

    targets: Rows
    """True class indices, `(n,)`; of several labels, bool `(n, classes)`."""
    predictions: Rows
    """Predicted class indices, `(n,)`; of several labels, bool `(n, classes)`."""
    correct: np.ndarray
    """Whether each prediction is right, all of its labels, `(n,)`."""
    confidence: np.ndarray
    """Probability of the prediction, at the run's temperature, `(n,)`."""
    uncalibrated: np.ndarray
    """The same at temperature 1, `(n,)`."""
    target_probability: np.ndarray
    """Probability of the truth, at the run's temperature, `(n,)`."""
    losses: np.ndarray
    """Minus the log-probability of the truth at temperature 1, `(n,)`."""
    calibrated_losses: np.ndarray
    """The same at the run's temperature, `(n,)`."""
    ranking: np.ndarray
    """Label ranking average precision of each, `(n,)`."""
    top_classes: np.ndarray
    """The most probable classes, `(n, at most 50)`, in no order."""
    top_truth: np.ndarray
    """Whether each is of these classes, `(n, at most 50)`."""
    top_probabilities: np.ndarray
    """Their probabilities at the run's temperature, float32, `(n, at most 50)`."""
    lengths: np.ndarray
    """Words of each example, `(n,)`."""
    unseen_share: np.ndarray | None
    """Share of its words that training never saw, `(n,)`; None if it is not known."""
    seconds: float
    words_per_second: float


def run_pass(
    predictor: TextPredictor,
    examples: Iterable[Example],
    targets: Rows,
    vocabulary: frozenset[str] | None = None,
    *,
    stage: str = "evaluation",
    at_once: int | None = None,
    on_example: OnExample | None = None,
    on_progress: OnProgress | None = None,
) -> PassResult:
    """Classifies every example as it is read.

    Args:
        predictor: The classifier.
        examples: What it reads, once.
        targets: True class indices, `(examples,)`; of several labels, bool `(examples, classes)`.
        vocabulary: Words that training saw; None if they are not known. Default None.
        stage: What the pass is called in reports of progress and in errors.
        at_once: Hand the predictor no more examples than this before its answers are awaited, for
            examples that are long in the making; by default it reads ahead as it likes.
        on_example: Called with every example and its logits, `(classes,)`, in order.
        on_progress: Called now and then with how far the pass has come.

    Raises:
        UserError: There are more or fewer examples than targets, or logits are not finite.
    """
    list(predictor.logits(["warm up"]))  # what the first call prepares is not counted
    return keep_pass(
        answered(predictor, examples, vocabulary, at_once),
        predictor.labels,
        predictor.decision,
        targets,
        unseen_known=vocabulary is not None,
        stage=stage,
        on_example=on_example,
        on_progress=on_progress,
    )


def answered(
    predictor: TextPredictor,
    examples: Iterable[Example],
    vocabulary: frozenset[str] | None = None,
    at_once: int | None = None,
) -> Iterator[Answered]:
    """Classifies every example as it is read; arguments as `run_pass`.

    Raises:
        UserError: Logits are not finite.
    """
    waiting: deque[tuple[Example, int, float | None]] = deque()

    def segmented() -> Iterator[list[str]]:
        for example in examples:
            words, share = predictor.words(example.text), None
            if vocabulary is not None:
                unseen = sum(word not in vocabulary for word in words)
                share = unseen / len(words) if words else 0.0
            waiting.append((example, len(words), share))
            yield words

    for row in _logits(predictor, segmented(), at_once):
        example, words, share = waiting.popleft()
        if not np.isfinite(row).all():
            raise UserError(
                f"{example.where}: the model's outputs are not finite numbers ({row}); "
                "its weights are damaged or its training diverged."
            )
        yield Answered(example, row, words, share)


def keep_pass(
    answers_given: Iterable[Answered],
    labels: Sequence[str],
    decision: Decision,
    targets: Rows,
    *,
    unseen_known: bool,
    stage: str,
    on_example: OnExample | None = None,
    on_progress: OnProgress | None = None,
) -> PassResult:
    """Goes through what a classifier answered and keeps a few numbers for each example.

    Args:
        answers_given: One for each example, in order.
        labels: Name of each class.
        decision: What the run makes of logits.
        targets: As for `run_pass`, as the others.
        unseen_known: Whether each says which share of its words training never saw.
        stage: What the pass is called.
        on_example: Called with every example and its logits.
        on_progress: Called now and then.

    Raises:
        UserError: There are more or fewer examples than targets.
    """
    count = targets.shape[0]
    lengths = np.zeros(count, dtype=np.int32)
    unseen_share = np.zeros(count, dtype=np.float32) if unseen_known else None
    answers = answers_of(labels, decision)
    kept = _Kept(answers, targets, len(labels))
    watch = Stopwatch(stage, count, on_progress)
    for position, (example, row, words, share) in enumerate(answers_given):
        if position == count:
            raise UserError(_changed(stage, count))
        kept.append(row)
        lengths[position] = words
        if unseen_share is not None:
            unseen_share[position] = share
        watch.step(answers.is_right(row, targets, position), words)
        if on_example is not None:
            on_example(example, row)
    if watch.examples != count:
        raise UserError(_changed(stage, count))
    seconds, words_per_second = watch.seconds, watch.words_per_second
    return PassResult(
        targets=targets,
        **kept.columns(),
        lengths=lengths,
        unseen_share=unseen_share,
        seconds=seconds,
        words_per_second=words_per_second,
    )


class _Kept:
    """Reduces logits to what is kept of them, some rows at a time: NumPy is slow row by row.

    Args:
        answers: How they are reduced.
        targets: True class indices, `(examples,)`; of several labels, bool `(examples, classes)`.
        classes: How many classes there are.
    """

    def __init__(self, answers: Answers, targets: Rows, classes: int) -> None:
        self._answers, self._targets = answers, targets
        rows = max(1, min(BLOCK_EXAMPLES, BLOCK_NUMBERS // classes))
        self._block = np.empty((rows, classes), dtype=np.float32)
        self._waiting = self._done = 0
        self._parts: dict[str, list[Rows]] = {}

    def append(self, logits: np.ndarray) -> None:
        """Takes the logits of the next example, `(classes,)`."""
        self._block[self._waiting] = logits
        self._waiting += 1
        if self._waiting == len(self._block):
            self._reduce()

    def columns(self) -> dict[str, Any]:
        """Returns what is kept of all examples, by the names of `PassResult`."""
        if self._waiting:
            self._reduce()
        return {
            name: sparse.vstack(parts, "csr")
            if sparse.issparse(parts[0])
            else np.concatenate(parts)
            for name, parts in self._parts.items()
        }

    def _reduce(self) -> None:
        end = self._done + self._waiting
        targets = self._targets[self._done : end]
        for name, part in self._answers.reduce(self._block[: self._waiting], targets).items():
            self._parts.setdefault(name, []).append(part)
        self._done, self._waiting = end, 0


def _logits(
    predictor: TextPredictor, sentences: Iterator[list[str]], at_once: int | None
) -> Iterator[np.ndarray]:
    if at_once is None:
        yield from predictor.logits_of_words(sentences)
        return
    while chunk := list(islice(sentences, at_once)):
        yield from predictor.logits_of_words(chunk)


def _changed(stage: str, count: int) -> str:
    return f"{stage}: the data changed while it was being read; it had {count:,} examples before."
