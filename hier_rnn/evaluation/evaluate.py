"""Evaluating a classifier: one pass for the scores, and one for each way to misspell the texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.errors import UserError
from hier_rnn.evaluation.answers.answers import Answers, Rows
from hier_rnn.evaluation.answers.choose import answers_of
from hier_rnn.evaluation.attack import SENTENCES_AT_ONCE, is_attack
from hier_rnn.evaluation.misspelled import misspelled, parse_misspelling
from hier_rnn.evaluation.progress import OnProgress
from hier_rnn.evaluation.run_pass import (
    Answered,
    OnExample,
    PassResult,
    answered,
    keep_pass,
)
from hier_rnn.evaluation.selection import Selection, select_examples
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.metrics.bootstrap import Intervals
from hier_rnn.metrics.calibration import Calibration, calibrate
from hier_rnn.metrics.label_scores import LabelScores
from hier_rnn.metrics.scores import Scores
from hier_rnn.sources.classes import UnseenLabels
from hier_rnn.sources.example import Source
from hier_rnn.sources.shard import WHOLE, Shard

Unseen = Literal["error", "count"]


@dataclass(frozen=True)
class Misspelled:
    """What is left of the scores when words are misspelled."""

    scores: Scores | LabelScores
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
    decision: Decision
    scores: Scores | LabelScores
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
    def multi_label(self) -> bool:
        """Whether a text may have several labels."""
        return self.decision.thresholds is not None

    @property
    def headline(self) -> str:
        """What the score that is named first is called."""
        return "micro-F1" if self.multi_label else "accuracy"

    @property
    def support(self) -> np.ndarray:
        """Examples of each class, `(classes,)`."""
        return np.array([row.support for row in self.scores.per_class])

    @property
    def majority(self) -> tuple[str, float]:
        """The most frequent class of the data, and the accuracy of always naming it.

        Of several labels, the micro-F1 of that.
        """
        support, examples = self.support, self.scores.examples
        most = int(support.argmax())
        named = examples + support.sum() if self.multi_label else 2 * examples
        return self.labels[most], float(2 * support[most] / named)

    @property
    def majority_macro_f1(self) -> float:
        """The macro-F1 of always naming the most frequent class: the other classes' F1 is 0."""
        most, occurring = self.support.max(), (self.support > 0).sum()
        return float(2 * most / (self.scores.examples + most) / occurring)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; every one that a table or a report shows."""
        return {
            "run": self.name,
            "data": self.data,
            **_figures(self.scores, self.intervals, self.result.words_per_second),
            "labels": list(self.labels),
            f"majority_{'micro_f1' if self.multi_label else 'accuracy'}": self.majority[1],
            "majority_macro_f1": self.majority_macro_f1,
            **({"thresholds": list(self.decision.thresholds)} if self.decision.thresholds else {}),
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

    def passed(examples: Source, specification: str | None) -> Iterator[Answered]:
        list(predictor.logits(["warm up"]))  # what the first call prepares is not counted
        return answers_to(predictor, examples, specification, seed, vocabulary)

    return evaluate_answers(
        name or predictor.run.resolve().name,
        tuple(predictor.labels),
        predictor.decision,
        data,
        passed,
        unseen_known=vocabulary is not None,
        misspell=misspell,
        unseen=unseen,
        scored_labels=scored_labels,
        seed=seed,
        on_example=on_example,
        on_progress=on_progress,
    )


def answers_to(
    predictor: TextPredictor,
    examples: Source,
    specification: str | None,
    seed: int,
    vocabulary: frozenset[str] | None,
    shard: Shard = WHOLE,
) -> Iterator[Answered]:
    """Yields what a classifier says of examples, as they are or with misspelled words.

    Args:
        predictor: The classifier.
        examples: Those of all shards.
        specification: A way to misspell them; None: they are left as they are.
        seed: Decides the misspellings.
        vocabulary: Words that its training saw, for a pass without misspellings; None if they are
            not known.
        shard: Which of them are answered. Default all.
    """
    if specification is None:
        yield from answered(predictor, shard.of(examples), vocabulary)
    elif is_attack(specification):
        worst = misspelled(shard.of(examples), specification, predictor, seed)
        yield from answered(predictor, worst, at_once=SENTENCES_AT_ONCE)
    else:
        # One row's misspellings depend on those of the rows before it.
        yield from answered(
            predictor, shard.of(misspelled(examples, specification, predictor, seed))
        )


def evaluate_answers(
    name: str,
    labels: tuple[str, ...],
    decision: Decision,
    data: Source,
    passed: Callable[[Source, str | None], Iterator[Answered]],
    *,
    unseen_known: bool,
    misspell: Sequence[str] = (),
    unseen: Unseen = "error",
    scored_labels: Collection[str] | None = None,
    seed: int = 0,
    on_example: OnExample | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Evaluates what a classifier answered; arguments as `evaluate`, but for these.

    Args:
        name: What to call the classifier.
        labels: Name of each class.
        decision: What it makes of logits.
        data: Labelled examples; read several times.
        passed: Given the examples that are scored and a way to misspell them, or None, returns an
            answer for each, in order.
        unseen_known: Whether answers say which share of their words training never saw.
        misspell: Ways to misspell, each evaluated too.
        unseen: What to do with examples whose labels training never saw.
        scored_labels: With `count`, leave out the examples of other labels than these too.
        seed: Decides bootstrap draws.
        on_example: Called with every example and its logits, `(classes,)`, in order.
        on_progress: Called now and then with how far a pass has come.

    Raises:
        UserError: No examples, or labels that training never saw.
    """
    answers = answers_of(labels, decision)
    data, targets, left_out = _labelled(answers, data, labels, unseen, scored_labels)
    result = keep_pass(
        passed(data, None),
        labels,
        decision,
        targets,
        unseen_known=unseen_known,
        stage=data.name,
        on_example=on_example,
        on_progress=on_progress,
    )
    scores = _scores(answers, result)
    after = {}
    for specification in misspell:
        changed = keep_pass(
            passed(data, specification),
            labels,
            decision,
            targets,
            unseen_known=False,
            stage=f"{data.name} {specification}",
            on_progress=on_progress,
        )
        after[specification] = Misspelled(
            _scores(answers, changed),
            answers.intervals(targets, changed.predictions, seed),
            changed.words_per_second,
        )
    return Evaluation(
        name=name,
        examples=data,
        labels=labels,
        decision=decision,
        scores=scores,
        intervals=answers.intervals(targets, result.predictions, seed),
        calibration=calibrate(
            result.confidence,
            result.uncalibrated,
            result.correct,
            float(result.calibrated_losses.mean()),
            decision.temperature,
        ),
        selection=select_examples(
            data, result, answers, getattr(scores, "confusion_matrix", None), labels
        ),
        result=result,
        misspelled=after,
        unseen=left_out,
    )


def _labelled(
    answers: Answers,
    data: Source,
    labels: Sequence[str],
    unseen: Unseen,
    scored: Collection[str] | None,
) -> tuple[Source, Rows, UnseenLabels]:
    """Returns the examples that are scored, their labels, and what is left out."""
    if unseen == "error":
        return data, answers.targets(data, data.name), UnseenLabels({}, (), 0)
    kept = frozenset(labels if scored is None else scored)
    targets, left_out = answers.seen_targets(data, kept)
    if not targets.shape[0]:
        raise UserError(
            f"{data.name}: training never saw the label of any example; the first are "
            + ", ".join(f"'{one.label}' at {one.where}" for one in left_out.first)
        )
    if not left_out.labels:
        return data, targets, left_out
    seen = Source(data.name, lambda: (one for one in data if answers.is_seen(one, kept)))
    return seen, targets, left_out


def _scores(answers: Answers, result: PassResult) -> Scores | LabelScores:
    loss = float(result.losses.mean())
    return answers.scores(result.targets, result.predictions, result.ranking, loss)


def _figures(
    scores: Scores | LabelScores, intervals: Intervals, words_per_second: float
) -> dict[str, Any]:
    return {
        **scores.to_json(),
        **{
            f"{name}_interval": [interval.low, interval.high]
            for name, interval in intervals._asdict().items()
            if interval is not None
        },
        "words_per_second": words_per_second,
    }
