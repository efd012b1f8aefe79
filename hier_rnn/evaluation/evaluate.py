"""Evaluating a classifier: one pass for the scores, and one for each way to misspell the texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.evaluation.attack import SENTENCES_AT_ONCE, is_attack
from hier_rnn.evaluation.misspelled import misspelled, parse_misspelling
from hier_rnn.evaluation.progress import OnProgress
from hier_rnn.evaluation.run_pass import OnExample, PassResult, run_pass
from hier_rnn.evaluation.selection import Selection, select_examples
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.metrics.bootstrap import Intervals, bootstrap
from hier_rnn.metrics.calibration import Calibration, calibrate
from hier_rnn.metrics.scores import Scores, score_predictions
from hier_rnn.sources.classes import UnseenLabels, class_indices, seen_class_indices
from hier_rnn.sources.example import Source

Unseen = Literal["error", "count"]


@dataclass(frozen=True)
class Misspelled:
    """What is left of the scores when words are misspelled."""

    scores: Scores
    intervals: Intervals
    words_per_second: float
    """The search for the worst edits included, where it was an attack."""


@dataclass(frozen=True)
class Evaluation:
    """All that is known about a classifier on a source."""

    name: str
    examples: Source
    """Those that were scored."""
    labels: tuple[str, ...]
    scores: Scores
    intervals: Intervals
    calibration: Calibration
    selection: Selection
    result: PassResult
    misspelled: Mapping[str, Misspelled]
    """By the specification, `KIND:RATE` or `attack:WORDS`."""
    unseen: UnseenLabels
    """Examples left out of everything, since training never saw their labels."""

    @property
    def data(self) -> str:
        """What the user called the data."""
        return self.examples.name

    @property
    def majority(self) -> tuple[str, float]:
        """The most frequent class of the data, and the accuracy of always naming it."""
        support = self.scores.confusion_matrix.support
        return self.labels[support.argmax()], float(support.max() / self.scores.examples)

    @property
    def majority_macro_f1(self) -> float:
        """The macro-F1 of always naming the most frequent class: the other classes' F1 is 0."""
        share, classes = self.majority[1], (self.scores.confusion_matrix.support > 0).sum()
        return float(2 * share / (1 + share) / classes)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; every one that a table or a report shows."""
        return {
            "run": self.name,
            "data": self.data,
            **_figures(self.scores, self.intervals, self.result.words_per_second),
            "labels": list(self.labels),
            "majority_accuracy": self.majority[1],
            "majority_macro_f1": self.majority_macro_f1,
            "seconds": self.result.seconds,
            "unseen": {
                "examples": self.unseen.examples,
                "labels": dict(self.unseen.labels),
                "first": [example.where for example in self.unseen.first],
            },
            "calibration": {
                **asdict(self.calibration),
                "bins": [bin._asdict() for bin in self.calibration.bins],
                "coverage": [point._asdict() for point in self.calibration.coverage],
            },
            "confusions": [
                {**pair._asdict(), "example": pair.example._asdict()}
                for pair in self.selection.confusions
            ],
            "most_confident_errors": [scored._asdict() for scored in self.selection.errors],
            "least_confident_hits": [scored._asdict() for scored in self.selection.close_calls],
            "misspelled": {
                specification: _figures(result.scores, result.intervals, result.words_per_second)
                for specification, result in self.misspelled.items()
            },
        }


def evaluate(
    predictor: TextPredictor,
    data: Source,
    *,
    name: str = "",
    vocabulary: frozenset[str] | None = None,
    misspell: Sequence[str] = (),
    unseen: Unseen = "error",
    scored_labels: Collection[str] | None = None,
    seed: int = 0,
    on_example: OnExample | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Evaluates a classifier on labelled data, in memory that holds no text.

    Args:
        predictor: The classifier.
        data: Labelled examples; read several times.
        name: What to call the classifier; by default, its run's folder.
        vocabulary: Words that its training saw; None if they are not known. Default None.
        misspell: Ways to misspell, each evaluated too.
        unseen: What to do with examples whose labels training never saw: `error` refuses them,
            `count` leaves them out of everything and counts them. Default `error`.
        scored_labels: With `count`, leave out the examples of other labels than these too.
        seed: Decides bootstrap draws and misspellings. Default 0.
        on_example: Called with every example and its logits, `(classes,)`, in order.
        on_progress: Called now and then with how far a pass has come.

    Raises:
        UserError: No examples, or labels that training never saw.
    """
    for specification in misspell:
        parse_misspelling(specification)
    labels = tuple(predictor.labels)
    data, targets, left_out = _labelled(data, labels, unseen, scored_labels)
    result = run_pass(
        predictor,
        data,
        targets,
        vocabulary,
        stage=data.name,
        on_example=on_example,
        on_progress=on_progress,
    )
    scores = _scores(result, labels)
    after = {}
    for specification in misspell:
        changed = run_pass(
            predictor,
            misspelled(data, specification, predictor, seed),
            targets,
            stage=f"{data.name} {specification}",
            at_once=SENTENCES_AT_ONCE if is_attack(specification) else None,
            on_progress=on_progress,
        )
        after[specification] = Misspelled(
            _scores(changed, labels),
            bootstrap(targets, changed.predictions, seed),
            changed.words_per_second,
        )
    return Evaluation(
        name=name or predictor.run.resolve().name,
        examples=data,
        labels=labels,
        scores=scores,
        intervals=bootstrap(targets, result.predictions, seed),
        calibration=calibrate(
            result.confidence,
            result.uncalibrated,
            result.correct,
            float(result.calibrated_losses.mean()),
            predictor.temperature,
        ),
        selection=select_examples(data, result, scores.confusion_matrix, labels),
        result=result,
        misspelled=after,
        unseen=left_out,
    )


def _labelled(
    data: Source, labels: Sequence[str], unseen: Unseen, scored: Collection[str] | None
) -> tuple[Source, np.ndarray, UnseenLabels]:
    """Returns the examples that are scored, their classes, and what is left out."""
    if unseen == "error":
        return data, class_indices(data, labels, data.name), UnseenLabels({}, ())
    kept = frozenset(labels if scored is None else scored)
    targets, left_out = seen_class_indices(data, labels, kept)
    if not len(targets):
        raise UserError(
            f"{data.name}: training never saw the label of any example; the first are "
            + ", ".join(f"'{one.label}' at {one.where}" for one in left_out.first)
        )
    if not left_out.labels:
        return data, targets, left_out
    seen = Source(data.name, lambda: (example for example in data if example.label in kept))
    return seen, targets, left_out


def _scores(result: PassResult, labels: Sequence[str]) -> Scores:
    loss = float(result.losses.mean())
    return score_predictions(result.targets, result.predictions, loss, labels)


def _figures(scores: Scores, intervals: Intervals, words_per_second: float) -> dict[str, Any]:
    return {
        **scores.to_json(),
        "accuracy_interval": [intervals.accuracy.low, intervals.accuracy.high],
        "macro_f1_interval": [intervals.macro_f1.low, intervals.macro_f1.high],
        "words_per_second": words_per_second,
    }
