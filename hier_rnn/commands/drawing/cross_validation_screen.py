"""What a person sees of a cross-validation: each fold's training and evaluation."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path

from hier_rnn.commands.drawing.progress import EvaluationScreen, Progress
from hier_rnn.commands.drawing.table import Column, Table, numbers
from hier_rnn.commands.drawing.training_screen import TrainingScreen
from hier_rnn.commands.terminal.console import show_log
from hier_rnn.configuration.options import Configuration
from hier_rnn.evaluation.cross_validation.cross_validate import (
    CrossValidation,
    CrossValidationEvent,
    FoldStarted,
    cross_validate,
)
from hier_rnn.evaluation.evaluate import Unseen
from hier_rnn.evaluation.progress import PassProgress
from hier_rnn.sources.example import Source
from hier_rnn.training.events import ModelBuilt


class CrossValidationScreen:
    """Draws a cross-validation's events: call it with each of them.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._lines = Progress(quiet)
        self._training, self._evaluation = TrainingScreen(quiet), EvaluationScreen(quiet)

    def __enter__(self) -> CrossValidationScreen:
        return self

    def __exit__(self, *error: object) -> None:
        self._training.__exit__(*error)
        self._evaluation.__exit__(*error)

    def __call__(self, event: CrossValidationEvent) -> None:
        """Shows an event."""
        if isinstance(event, FoldStarted):
            self._training.__exit__()
            self._lines.line(f"fold {event.fold} of {event.folds}")
            self._training = TrainingScreen(self._quiet)
        elif isinstance(event, PassProgress):
            self._training.__exit__()
            self._evaluation(event)
        elif not isinstance(event, ModelBuilt):  # the same for all
            self._training(event)


def run_cross_validation(
    configuration: Configuration,
    source: Source,
    folds: int,
    out: Path | None,
    predictions: Path | None,
    unseen: Unseen,
    quiet: bool,
) -> CrossValidation:
    """Runs a cross-validation, with bars.

    Args:
        configuration: The options of the training.
        source: The examples.
        folds: How many.
        out: Where the classifiers are kept, or None.
        predictions: File for a line of JSON for each example, or None.
        unseen: What to do with classes of one example.
        quiet: Show nothing.
    """
    show_log(quiet=True)  # what each of the trainings says would be said many times
    with CrossValidationScreen(quiet) as screen:
        try:
            return cross_validate(
                configuration,
                source,
                folds,
                out=out,
                predictions=predictions,
                unseen=unseen,
                on_event=screen,
            )
        except KeyboardInterrupt:
            kept = f"the same command again goes on from {out}" if out else "nothing is kept"
            hint = "" if out else " (with --out DIR the same command would go on)"
            raise KeyboardInterrupt(f"interrupted; {kept}{hint}.") from None


def folds_table(result: CrossValidation) -> Table:
    """Returns the scores of each fold, and their mean and deviation, as a table.

    Args:
        result: The cross-validation.
    """
    table = Table(
        f"{len(result.folds)} folds of {result.examples.name}",
        [Column("fold"), *numbers("examples", "accuracy", "macro-F1", "loss", "epoch", "seconds")],
    )
    for number, fold in enumerate(result.folds, start=1):
        scores = fold.evaluation.scores
        table.add(
            str(number),
            f"{scores.examples:,}",
            f"{100 * scores.accuracy:.2f}",
            f"{100 * scores.macro_f1:.2f}",
            f"{scores.loss:.4f}",
            str(fold.best_epoch),
            f"{fold.seconds:.0f}",
        )
    figures = result.figures
    for row, pick in (("mean", itemgetter(0)), ("deviation", itemgetter(1))):
        accuracy, macro_f1, loss = (
            pick(figures[name]) for name in ("accuracy", "macro_f1", "loss")
        )
        cells = (f"{100 * accuracy:.2f}", f"{100 * macro_f1:.2f}", f"{loss:.4f}")
        table.add(row, "", *cells, "", "")
    return table
