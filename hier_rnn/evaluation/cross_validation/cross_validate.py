"""Cross-validation: every example is scored by a classifier that was trained without it."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.evaluation.cross_validation.label_errors import LabelErrors, label_errors
from hier_rnn.evaluation.evaluate import Evaluation, Unseen, evaluate
from hier_rnn.evaluation.predictions import prediction_writer
from hier_rnn.evaluation.progress import PassProgress
from hier_rnn.files import write_atomically
from hier_rnn.inference.predictor import Predictor
from hier_rnn.metrics.scores import Scores, score_predictions
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.sampling.folds import Folds, stratified_folds
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.classification.training_data import Sources
from hier_rnn.training.distribution.cluster import require_one_process
from hier_rnn.training.events import Event, to_nobody
from hier_rnn.training.preparation.encoder_choice import choose_encoder

FIGURES = ("accuracy", "macro_f1", "weighted_f1", "loss")
FEWEST, MOST = 2, 1000


@dataclass(frozen=True)
class FoldStarted:
    """A classifier is about to be trained on all folds but one."""

    fold: int
    """From 1."""
    folds: int


CrossValidationEvent = FoldStarted | Event | PassProgress


class MeanDeviation(NamedTuple):
    """A figure over the folds."""

    mean: float
    deviation: float
    """Standard deviation of a sample: one less than the folds in the denominator."""


@dataclass(frozen=True)
class Fold:
    """What one classifier scored on the fold that it was not trained on."""

    evaluation: Evaluation
    best_epoch: int
    seconds: float
    """Of its training."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What a cross-validation came to."""

    folds: tuple[Fold, ...]
    examples: Source
    """Those that were scored, in order."""
    labels: tuple[str, ...]
    targets: np.ndarray
    """Class of each example, `(examples,)`."""
    probabilities: np.ndarray
    """Of each class by the classifier that never saw the example, `(examples, classes)`."""
    fold_of: np.ndarray
    """The fold of each example, from 0, `(examples,)`."""
    scores: Scores
    """Of all examples together."""
    left_out: int
    """Examples of classes that have no other."""

    @property
    def figures(self) -> dict[str, MeanDeviation]:
        """Mean and deviation over the folds of accuracy, macro-F1, weighted F1 and loss."""
        result = {}
        for name in FIGURES:
            values = [getattr(fold.evaluation.scores, name) for fold in self.folds]
            result[name] = MeanDeviation(float(np.mean(values)), float(np.std(values, ddof=1)))
        return result

    def label_errors(self) -> LabelErrors:
        """Returns the examples that are probably labelled wrongly, the likeliest first."""
        return label_errors(
            self.examples, self.labels, self.targets, self.probabilities, self.left_out
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values."""
        return {
            "data": self.examples.name,
            "folds": len(self.folds),
            "figures": {name: figure._asdict() for name, figure in self.figures.items()},
            "all_folds_together": self.scores.to_json(),
            "labels": list(self.labels),
            "left_out": self.left_out,
            "per_fold": [
                {
                    "examples": fold.evaluation.scores.examples,
                    **{name: getattr(fold.evaluation.scores, name) for name in FIGURES},
                    "best_epoch": fold.best_epoch,
                    "seconds": fold.seconds,
                }
                for fold in self.folds
            ],
        }


def cross_validate(
    configuration: Configuration,
    data: Source,
    folds: int = 5,
    *,
    out: Path | None = None,
    predictions: Path | None = None,
    unseen: Unseen = "error",
    on_event: Callable[[CrossValidationEvent], None] = to_nobody,
) -> CrossValidation:
    """Trains a classifier without each fold and scores it on that fold.

    Each sets a tenth of its training data aside to choose its best epoch, so that nothing of the
    fold decides anything.

    Args:
        configuration: The options of all classifiers; the seed decides the folds, too.
        data: Labelled examples.
        folds: How many. Default 5.
        out: Where the classifiers are kept, `fold-1` and so on: then the same call goes on where it
            was interrupted. Default None: nowhere.
        predictions: File for a line of JSON for each example, in order, as `evaluate` writes it.
            Default None.
        unseen: What to do with a class of one example, which can't be both trained on and held
            out: `error` refuses it, `count` leaves it out. Default `error`.
        on_event: Told what happens. Default nobody.

    Raises:
        UserError: The data or an option can't be used, or a file can't be written.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    if not FEWEST <= folds <= MOST:
        raise UserError(f"folds: {FEWEST} to {MOST} are expected. Received: {folds}.")
    require_one_process(configuration.training.distribute, "a cross-validation")
    if configuration.data.multi_label is True:
        raise UserError(
            "data.multi_label: received true. Cross-validation, and the search for label errors,"
            " take texts with one label each."
        )
    configuration = choose_encoder(configuration, None, lambda: data)
    cut = stratified_folds(data, folds, configuration.seed, leave_out_singles=unseen == "count")
    with contextlib.ExitStack() as stack:
        place = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hier_rnn-")))
        to = stack.enter_context(write_atomically(predictions)) if predictions else None
        lines = [
            stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(folds if to else 0)
        ]
        results: list[Fold] = []
        columns: list[np.ndarray] = []
        for number in range(folds):
            on_event(FoldStarted(number + 1, folds))
            fold, values = _run_fold(
                configuration,
                cut,
                number,
                place / f"fold-{number + 1}",
                lines[number] if to else None,
                on_event,
            )
            results.append(fold)
            columns.append(values)
        if to:
            _merge(cut, lines, to)
    labels = results[0].evaluation.labels
    values = np.empty((len(cut.of), len(labels)), np.float32)
    targets = np.empty(len(cut.of), np.int64)
    for number, (fold, column) in enumerate(zip(results, columns, strict=True)):
        values[cut.of == number] = column
        targets[cut.of == number] = fold.evaluation.result.targets
    sizes = np.bincount(cut.of, minlength=folds)
    loss = np.average([fold.evaluation.scores.loss for fold in results], weights=sizes)
    return CrossValidation(
        folds=tuple(results),
        examples=cut.source,
        labels=labels,
        targets=targets,
        probabilities=values,
        fold_of=cut.of,
        scores=score_predictions(targets, values.argmax(axis=1), float(loss), labels),
        left_out=cut.left_out,
    )


def _run_fold(
    configuration: Configuration,
    cut: Folds,
    number: int,
    run: Path,
    lines: IO[str] | None,
    on_event: Callable[[CrossValidationEvent], None],
) -> tuple[Fold, np.ndarray]:
    """Returns what a fold came to, and the probabilities of its examples `(examples, classes)`."""
    begun = time.monotonic()
    result = train_classifier(
        configuration, run, sources=Sources(cut.rest(number)), on_event=on_event
    )
    seconds = time.monotonic() - begun
    predictor = Predictor(run)
    write = None
    if lines is not None:
        write = prediction_writer(lines, run.name, predictor.labels, predictor.decision)
    rows: list[np.ndarray] = []

    def on_example(example: Example, logits: np.ndarray) -> None:
        rows.append(predictor.decision.probabilities(logits).astype(np.float32))
        if write is not None:
            write(example, logits)

    evaluation = evaluate(
        predictor,
        cut.held_out(number),
        name=run.name,
        seed=configuration.seed,
        on_example=on_example,
        on_progress=on_event,
    )
    return Fold(evaluation, result.best_epoch, seconds), np.stack(rows)


def _merge(cut: Folds, lines: Sequence[IO[str]], to: IO[str]) -> None:
    """Writes the lines of all folds in the order of the examples."""
    for file in lines:
        file.seek(0)
    for fold in cut.of:
        to.write(lines[fold].readline())
